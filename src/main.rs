//! The `gainsay` command: reads the command line, does what it says, and ends with the exit code that fits.

use std::process::ExitCode;

fn main() -> ExitCode {
    gainsay::main()
}
