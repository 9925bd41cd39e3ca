//! Sites that apply each other's commits late, but never before what those depend on.

use rand::{Rng, RngExt};

/// A commit of another site that could be applied is applied with this probability whenever a transaction begins.
const TRAVELS: f64 = 0.5;

/// A site never lags more commits than so behind another one.
const LAG: u64 = 24;

/// How many commits of each site every site has applied, and what each commit depends on.
#[derive(Clone, Debug)]
pub(crate) struct Sites {
    /// By site: how many commits of each site it has.
    applied: Vec<Vec<u64>>,
    /// By site, by commit: how many commits of each site must be there before it.
    needs: Vec<Vec<Vec<u64>>>,
}

impl Sites {
    pub(crate) fn new(number: usize) -> Sites {
        Sites { applied: vec![vec![0; number]; number], needs: vec![Vec::new(); number] }
    }

    /// Lets some commits arrive at a site, and returns how many of each site it has then.
    pub(crate) fn snapshot(&mut self, site: usize, rng: &mut impl Rng) -> Vec<u64> {
        for origin in (0..self.applied.len()).filter(|origin| *origin != site) {
            while self.may_arrive(site, origin) && (self.lag(site, origin) > LAG || rng.random_bool(TRAVELS)) {
                self.applied[site][origin] += 1;
            }
        }
        self.applied[site].clone()
    }

    /// A commit at a site: it depends on everything that is there.
    pub(crate) fn commit(&mut self, site: usize) -> (usize, u64) {
        self.needs[site].push(self.applied[site].clone());
        self.applied[site][site] += 1;
        (site, self.applied[site][site])
    }

    fn lag(&self, site: usize, origin: usize) -> u64 {
        self.needs[origin].len() as u64 - self.applied[site][origin]
    }

    fn may_arrive(&self, site: usize, origin: usize) -> bool {
        let next = self.needs[origin].get(self.applied[site][origin] as usize);
        next.is_some_and(|needs| needs.iter().zip(&self.applied[site]).all(|(needed, there)| needed <= there))
    }
}
