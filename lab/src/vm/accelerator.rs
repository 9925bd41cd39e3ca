//! Whether the processor runs guests itself. It is tried, not assumed: on some machines `/dev/kvm` is there and every
//! guest hangs before its kernel says a word.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::TRANSLATED_MIB;
use crate::error::LabError;
use crate::files::{self, failed};
use crate::lock::Lock;
use crate::paths::LOCKS;
use crate::step::search_path;

/// A guest that has not reached its end by then never will.
const TRIAL: Duration = Duration::from_secs(20);

/// How guests are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    /// By the processor.
    Kvm,
    /// By translation, ten times slower.
    Tcg,
}

impl Accelerator {
    /// The word that QEMU uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Accelerator::Kvm => "kvm",
            Accelerator::Tcg => "tcg",
        }
    }

    /// QEMU's options.
    pub(super) fn options(self) -> Vec<String> {
        let words = match self {
            Accelerator::Kvm => ["-accel".to_owned(), "kvm".to_owned(), "-cpu".to_owned(), "host".to_owned()],
            Accelerator::Tcg => {
                let tcg = format!("tcg,thread=multi,tb-size={TRANSLATED_MIB}");
                ["-accel".to_owned(), tcg, "-cpu".to_owned(), "max".to_owned()]
            }
        };
        words.to_vec()
    }
}

/// The accelerator that works here. Tried once per boot of this machine, for at most 20 s; `GAINSAY_ACCELERATOR`
/// (`kvm` or `tcg`) decides without a trial.
///
/// # Errors
/// When what was found cannot be kept.
pub(crate) fn choose(tree: &Path) -> Result<Accelerator, LabError> {
    if let Some(chosen) = std::env::var("GAINSAY_ACCELERATOR").ok().as_deref().and_then(named) {
        return Ok(chosen);
    }
    let found = PathBuf::from(LOCKS).join("accelerator");
    let _one_trial = Lock::take(&found.with_extension("lock"), 2 * TRIAL, &mut |_| {})?;
    if let Some(known) = files::read(&found)?.as_deref().map(str::trim).and_then(named) {
        return Ok(known);
    }
    let works = Path::new("/dev/kvm").exists() && boots(Accelerator::Kvm, tree, &found.with_extension("log"))?;
    let accelerator = if works { Accelerator::Kvm } else { Accelerator::Tcg };
    files::replace(&found, accelerator.name())?;
    Ok(accelerator)
}

fn named(word: &str) -> Option<Accelerator> {
    [Accelerator::Kvm, Accelerator::Tcg].into_iter().find(|accelerator| accelerator.name() == word)
}

/// Boots the kernel with an init that ends at once, upon which the kernel panics and resets, and QEMU ends.
fn boots(accelerator: Accelerator, tree: &Path, log: &Path) -> Result<bool, LabError> {
    let output = std::fs::File::create(log).map_err(failed("create", log))?;
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "256", "-serial", "stdio"]);
    qemu.arg("-kernel").arg(tree.join("boot/vmlinuz")).arg("-initrd").arg(tree.join("boot/initrd.img"));
    qemu.args(["-append", "console=ttyS0 rdinit=/bin/false panic=-1"]).args(accelerator.options());
    qemu.env("PATH", search_path()).stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
    let mut child = qemu.spawn().map_err(failed("start", Path::new("qemu-system-x86_64")))?;
    let deadline = Instant::now() + TRIAL;
    let mut is_over = false;
    while !is_over && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        is_over = child.try_wait().map_err(failed("wait for", Path::new("qemu-system-x86_64")))?.is_some();
    }
    if !is_over {
        child.kill().and_then(|()| child.wait()).map_err(failed("end", Path::new("qemu-system-x86_64")))?;
    }
    let said = files::read(log)?.unwrap_or_default();
    files::remove(log)?;
    Ok(is_over && said.contains("Attempted to kill init"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(named("kvm"), Some(Accelerator::Kvm));
        assert_eq!(named("tcg"), Some(Accelerator::Tcg));
        assert_eq!(named(""), None);
        assert!(Accelerator::Tcg.options().contains(&"max".to_owned()));
    }
}
