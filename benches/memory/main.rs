//! Memory of the interpreter over ten million operations: it must stay flat, whatever the number of operations.

#[path = "../interpreter/load.rs"]
mod load;

/// Operations of each measurement; the longest one is a hundred times the first.
const OPERATIONS: [u64; 3] = [100_000, 1_000_000, 10_000_000];

/// The longest run may need so much more than the first one, in MiB.
const MOST_GROWTH: f64 = 32.0;

/// Most memory that this process ever held, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process has a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the status has a peak");
    let kibibytes: f64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    kibibytes / 1024.0
}

fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut first = None;
    for operations in OPERATIONS {
        let seconds = runtime.block_on(load::registers(operations, directory.path()));
        let peak = peak();
        let first = *first.get_or_insert(peak);
        #[allow(clippy::print_stdout)]
        {
            println!("{operations:>9} operations: {:>7.0} a second, peak {peak:.1} MiB", operations as f64 / seconds);
        }
        assert!(peak <= first + MOST_GROWTH, "memory grew from {first:.1} to {peak:.1} MiB");
    }
}
