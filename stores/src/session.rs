//! What a store remembers of one logical client: where it is, and what it has done and seen.

use std::collections::HashMap;

/// One logical client, one transaction after another.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The site that it talks to, for levels that have sites.
    pub(crate) site: usize,
    /// The newest moment that it saw or made, as a stamp.
    pub(crate) floor: u64,
    /// The position of its own last version of each object; kept for read atomic only.
    pub(crate) own: HashMap<u64, usize>,
}

impl Session {
    /// A client that has done nothing, at a site counted from 0.
    #[must_use]
    pub fn at(site: usize) -> Session {
        Session { site, ..Session::default() }
    }
}
