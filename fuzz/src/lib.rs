//! What must hold for every text whatsoever, and for every history that clients can or cannot have made.

mod scene;
mod texts;
mod transactions;
mod verdicts;

pub use scene::scene;
pub use texts::{check, survives};
pub use transactions::judge_transactions_of;
pub use verdicts::judge_by_all;

/// Makes the thread that fuzzes the only one that works.
///
/// # Panics
/// If there is a pool of threads already.
pub fn work_alone() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("the first pool");
}
