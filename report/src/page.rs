//! The report of one run: what a page, a terminal and a folder of pictures are made from.

use crate::anomaly::{self, Violation, violations};
use crate::bands::{Band, bands};
use crate::error_kinds::{ErrorKind, error_kinds};
use crate::facts::Facts;
use crate::fault_rows;
use crate::pictures::{self, Image, Subject};
use crate::recovery::Recovery;
use crate::samples::Samples;
use crate::summary::Summary;
use crate::{html, terminal, timeline};
use checkers::Check;
use history::{DataType, Fault, History};

/// Why a report could not be made. All of it is a bug of this crate: no history can cause it.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The template of the page does not fit its data.
    #[error("the page could not be filled in: {0}")]
    Template(#[from] minijinja::Error),
    /// A picture could not be drawn or encoded.
    #[error("a picture could not be drawn: {0}")]
    Picture(String),
}

impl ReportError {
    /// Of what the drawing library says.
    pub(crate) fn picture(error: impl std::fmt::Display) -> ReportError {
        ReportError::Picture(error.to_string())
    }
}

/// The report of one run. It holds what is shown, not the history: about 32 bytes for each operation.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) facts: Facts,
    pub(crate) checks: Vec<Check>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) bands: Vec<Band>,
    pub(crate) samples: Samples,
    pub(crate) recovery: Recovery,
    pub(crate) summary: Summary,
    pub(crate) violations: Vec<Violation>,
    pub(crate) errors: Vec<ErrorKind>,
}

impl Page {
    /// Takes from a history what a report shows. Anomalies whose operations the history does not have are told, but
    /// not drawn.
    pub fn new<D: DataType>(facts: Facts, history: &History<D>, checks: &[Check], faults: &[Fault]) -> Page {
        let facts = facts.cleaned();
        let checks = anomaly::cleaned(checks);
        let faults = fault_rows::cleaned(faults);
        let samples = Samples::new(history, &facts.nodes, &faults);
        let recovery = Recovery::new(&samples);
        Page {
            summary: Summary::new(&checks, &faults, &samples, &recovery),
            violations: violations(history, &checks),
            errors: error_kinds(history, &faults),
            bands: bands(&faults, samples.axis),
            facts,
            checks,
            faults,
            samples,
            recovery,
        }
    }

    /// One HTML document that needs no other file, no network and no script; at most 10 MB, whatever the history.
    ///
    /// # Errors
    /// A bug of this crate.
    pub fn html(&self) -> Result<String, ReportError> {
        html::html(self)
    }

    /// At most ten lines of at most `width` columns (70 at least), each with its line end. The verdict comes first,
    /// and the command that runs it again last. There are no colours and no control characters in it.
    #[must_use]
    pub fn terminal(&self, width: usize) -> String {
        terminal::terminal(self, width)
    }

    /// The page's pictures as files, each with its name: `latency-raw.png`, `rate.svg`, `violation-1.svg` and so on.
    ///
    /// # Errors
    /// A bug of this crate.
    pub fn pictures(&self) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
        let mut files = Vec::new();
        for picture in pictures::all(self.subject())? {
            match picture.image {
                Image::Svg(text) => files.push((format!("{}.svg", picture.name), text.into_bytes())),
                Image::Png { light, .. } => files.push((format!("{}.png", picture.name), light)),
            }
        }
        for (number, violation) in self.violations.iter().enumerate() {
            let svg = timeline::standalone(&violation.selection, &self.bands, &violation.legend());
            files.push((format!("violation-{}.svg", number + 1), svg.into_bytes()));
        }
        Ok(files)
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject { samples: &self.samples, bands: &self.bands }
    }
}
