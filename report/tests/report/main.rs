//! What a report says, whatever the history says: its words, its markup, its size.

mod files;
#[path = "../../examples/sample/made.rs"]
mod made;
mod markup;
mod page;
mod runs;
mod terminal;
