//! Recordings into files: JSON lines and plain EDN, which other tools read, without losing a field.

use crate::HistoryError;
use crate::format::Format;
use crate::recording::columns::NO_TIME;
use crate::recording::{Language, Recording};
use crate::value::{EdnText, JsonText, Value, ValueId, Values, is_name};
use std::io::{self, BufWriter, Write};

/// Writes a recording, one event a line.
///
/// JSON lines are our own; what JSON has no word for is `{"#edn":"text"}`. EDN is plain, one map a line without tags,
/// as Jepsen, Knossos and elle-cli read it. Reading the result gives an equal recording.
///
/// # Errors
/// If `out` fails, or [`io::ErrorKind::Unsupported`] for `history.txt` and console lines, which lose fields.
pub fn write(recording: &Recording, format: Format, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    match format {
        Format::JsonLines => each(recording, |row, extra| json(recording, row, extra, &mut out, "\n"))?,
        Format::Edn => each(recording, |row, extra| edn(recording, row, extra, &mut out))?,
        Format::Json => {
            out.write_all(b"[")?;
            each(recording, |row, extra| {
                let separator = if row as usize + 1 == recording.len() { "" } else { ",\n" };
                json(recording, row, extra, &mut out, separator)
            })?;
            out.write_all(b"]\n")?;
        }
        Format::Text | Format::Console => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "histories are written as jsonl, json or edn: txt and log lose fields",
            ));
        }
    }
    out.flush()
}

/// The extra fields of one event: each name with the arena and the value.
struct Extras {
    /// Values of extra fields, forgotten when they are many.
    values: Values,
    fields: Vec<(ValueId, ValueId)>,
}

/// Goes through the events with their extra fields.
fn each(recording: &Recording, mut event: impl FnMut(u32, &Extras) -> io::Result<()>) -> io::Result<()> {
    /// So many different values are kept at a time.
    const MOST: usize = 1 << 16;
    let mut extras = Extras { values: Values::default(), fields: Vec::new() };
    for row in 0..recording.len() as u32 {
        extras.fields.clear();
        if extras.values.len() > MOST {
            extras.values = Values::default();
        }
        for field in recording.extra_fields(row) {
            let id = recording.parse_extra(field.text, &mut extras.values).map_err(unreadable)?;
            extras.fields.push((field.name, id));
        }
        event(row, &extras)?;
    }
    Ok(())
}

fn unreadable(error: HistoryError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

fn json(recording: &Recording, row: u32, extras: &Extras, out: &mut impl Write, end: &str) -> io::Result<()> {
    let (event, values) = (recording.event(row), recording.values());
    let text = |id: ValueId| JsonText { values, id, operation: false };
    write!(out, "{{\"index\":{}", event.index)?;
    if event.time != NO_TIME {
        write!(out, ",\"time\":{}", event.time)?;
    }
    if let Some(process) = recording.columns.process[row as usize].present() {
        write!(out, ",\"process\":")?;
        json_name(values, process, out)?;
    }
    write!(out, ",\"type\":\"{}\"", event.kind.word())?;
    if let Some(f) = event.f {
        write!(out, ",\"f\":")?;
        json_name(values, f, out)?;
    }
    if let Some(key) = event.key {
        write!(out, ",\"key\":{}", text(key))?;
    }
    write!(out, ",\"value\":{}", JsonText { values, id: event.value, operation: true })?;
    for (name, id) in [("node", event.node), ("error", event.error)] {
        if let Some(id) = id {
            write!(out, ",\"{name}\":{}", text(id))?;
        }
    }
    for (name, id) in &extras.fields {
        json_field_name(values, *name, out)?;
        write!(out, "{}", JsonText { values: &extras.values, id: *id, operation: false })?;
    }
    write!(out, "}}{end}")
}

/// A function or process: a name is a string, because readers make a keyword of it.
fn json_name(values: &Values, id: ValueId, out: &mut impl Write) -> io::Result<()> {
    match values.get(id) {
        // A colon in front would be taken for that of a keyword.
        Value::Keyword(name) if !name.starts_with(':') => Ok(serde_json::to_writer(out, name)?),
        _ => write!(out, "{}", JsonText { values, id, operation: false }),
    }
}

/// The name of an extra field. One that is neither name nor string cannot stand in JSON but as text.
fn json_field_name(values: &Values, name: ValueId, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b",")?;
    match values.get(name) {
        Value::Keyword(name) => serde_json::to_writer(&mut *out, name)?,
        Value::String(text) if !is_name(text.as_bytes()) => serde_json::to_writer(&mut *out, text)?,
        _ => serde_json::to_writer(&mut *out, &format!("#edn {}", EdnText { values, id: name }))?,
    }
    out.write_all(b":")
}

fn edn(recording: &Recording, row: u32, extras: &Extras, out: &mut impl Write) -> io::Result<()> {
    let (event, values) = (recording.event(row), recording.values());
    let text = |id: ValueId| EdnText { values, id };
    write!(out, "{{:index {}", event.index)?;
    if event.time != NO_TIME {
        write!(out, ", :time {}", event.time)?;
    }
    write!(out, ", :type :{}", event.kind.word())?;
    for (name, id) in [
        ("process", recording.columns.process[row as usize].present()),
        ("f", event.f),
        ("key", event.key),
        ("value", Some(event.value)),
        ("node", event.node),
        ("error", event.error),
    ] {
        if let Some(id) = id {
            write!(out, ", :{name} {}", text(id))?;
        }
    }
    for (name, id) in &extras.fields {
        write!(out, ", {} {}", text(*name), EdnText { values: &extras.values, id: *id })?;
    }
    // Extra fields of JSON and EDN are both parsed, so that tags never reach the file.
    debug_assert!(matches!(recording.columns.language, Language::Edn | Language::Json));
    writeln!(out, "}}")
}
