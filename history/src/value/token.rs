//! Which bytes end a token, and which texts can be written as a keyword or a symbol and read back as one.

/// Classes of bytes: 1 ends a token, 2 is blank as well (a comma is blank in EDN).
const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte <= 0x20 {
        classes[byte] = 1;
        byte += 1;
    }
    let ends = b"()[]{}\";\\\x7f";
    let mut i = 0;
    while i < ends.len() {
        classes[ends[i] as usize] = 1;
        i += 1;
    }
    let blanks = b" ,\n\t\r\x0b\x0c\x1c\x1d\x1e\x1f";
    let mut i = 0;
    while i < blanks.len() {
        classes[blanks[i] as usize] = 2;
        i += 1;
    }
    classes
}

/// True of bytes that cannot stand inside a token of EDN.
#[inline]
pub(crate) fn is_delimiter(byte: u8) -> bool {
    CLASSES[byte as usize] != 0
}

/// True of what stands between the forms of EDN.
#[inline]
pub(crate) fn is_blank(byte: u8) -> bool {
    CLASSES[byte as usize] == 2
}

/// True of texts that are a keyword when a colon stands before them.
pub(crate) fn is_name(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(|byte| is_delimiter(*byte))
}

/// True of texts that are a symbol when nothing stands before them.
pub(crate) fn is_symbol(text: &[u8]) -> bool {
    let number = |t: &[u8]| t.first().is_some_and(u8::is_ascii_digit);
    let signed = |t: &[u8]| matches!(t, [b'+' | b'-', rest @ ..] if number(rest));
    let special = matches!(text, b"nil" | b"true" | b"false") || matches!(text.first(), Some(b':' | b'^'));
    let dispatch = text.first() == Some(&b'#') && text.get(1) != Some(&b'\'');
    is_name(text) && !number(text) && !signed(text) && !special && !dispatch
}
