//! Verdict and history to pages and pictures: one self-contained `report.html`, the same pictures as files, and the
//! ten lines that a terminal shows.
//!
//! Nothing here judges, reads a clock, opens a file, or runs on a network: data in, bytes out. The page needs no
//! script, no font and no file but itself. Whatever a history says is taken as hostile text: control characters are
//! removed when it enters ([`Page::new`]), and it is escaped where it leaves.

mod anomaly;
mod argument;
mod bands;
mod buckets;
mod call;
mod cycle;
pub mod drawing;
mod error_kinds;
mod facts;
mod fault_rows;
mod file_lines;
mod file_page;
mod finding;
mod html;
mod page;
mod palette;
mod pictures;
mod recovery;
mod samples;
mod summary;
mod surroundings;
mod svg;
mod terminal;
mod timeline;
mod told;
mod transactions;
mod upheaval;
mod witness_lines;
mod words;

pub use facts::Facts;
pub use file_page::{FilePage, JudgedFile, MOST_DRAWN, Told};
pub use finding::{DeadEnd, Finding, Operation, Place, Source, Step};
pub use page::{Page, ReportError};
pub use transactions::{Least, Left, Precedence, Transaction};
pub use upheaval::Upheaval;
