//! A lab of real nodes for one test, taken down however the test ends.

use cluster::{Inventory, Node};
use lab::{Kind, Lab};

/// The kind of the nodes: `vm` if `GAINSAY_LAB_KIND` says so.
pub fn kind() -> Kind {
    std::env::var("GAINSAY_LAB_KIND").map_or(Kind::Nspawn, |kind| kind.parse().unwrap())
}

/// Its nodes answer as long as this lives.
pub struct Nodes {
    lab: Lab,
    /// The nodes.
    pub all: Vec<Node>,
}

impl Nodes {
    /// Brings up a lab, or says why this machine cannot run one.
    pub async fn up(name: &str, nodes: u8) -> Result<Nodes, String> {
        lab::supported()?;
        let lab = Lab::named(name).unwrap().of_kind(kind());
        // A guard from the start: a lab that came up halfway is taken down too.
        let mut up = Nodes { lab: lab.clone(), all: Vec::new() };
        let told = move || lab.up(nodes, &mut |_| {});
        let state = tokio::task::spawn_blocking(told).await.unwrap().unwrap_or_else(|error| panic!("{error}"));
        let inventory = Inventory::load(&state.inventory).unwrap_or_else(|error| panic!("{error}"));
        up.all = cluster::connect(&inventory).await.unwrap_or_else(|errors| panic!("{errors:?}"));
        Ok(up)
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        let down = self.lab.down(&mut |_| {});
        assert!(down.is_ok() || std::thread::panicking(), "the lab could not be taken down: {down:?}");
    }
}
