//! Processes of ours on a node that keep a fault going: each in a transient systemd unit with our name, so that it
//! outlives the connection that started it, and is found and ended without memory.

use crate::marks::FAULTS;

/// The unit `gainsay-fault-NEMESIS.service` of a nemesis.
#[derive(Clone, Copy, Debug)]
pub struct Companion {
    /// The nemesis that it serves.
    pub nemesis: &'static str,
}

impl Companion {
    fn unit(self) -> String {
        format!("gainsay-fault-{}.service", self.nemesis)
    }

    /// The script that starts it. Its own script is kept in memory; it is run by `sh`, and ended by SIGKILL.
    pub fn start(self, script: &str) -> String {
        self.start_with("", script)
    }

    /// The same with properties of the unit, as options of `systemd-run`.
    pub fn start_with(self, properties: &str, script: &str) -> String {
        format!(
            r#"cat >{FAULTS}/{0}/companion <<'COMPANION' || exit 1
{script}COMPANION
systemd-run --quiet --collect --unit={1} -p KillSignal=SIGKILL {properties} \
  /bin/sh {FAULTS}/{0}/companion || exit 1
"#,
            self.nemesis,
            self.unit(),
        )
    }

    /// The script that ends it, whether it runs or not.
    pub fn stop(self) -> String {
        let unit = self.unit();
        format!(
            "if [ -e {FAULTS}/{0}/companion ]; then\n  systemctl kill -s KILL {unit} 2>/dev/null\n  systemctl stop {unit} \
             2>/dev/null\n  systemctl reset-failed {unit} 2>/dev/null\n  rm -f {FAULTS}/{0}/companion\nfi\n",
            self.nemesis
        )
    }

    /// Ends a script with a message unless it is gone.
    pub fn trace(self) -> String {
        let unit = self.unit();
        format!("! systemctl is-active --quiet {unit} || {{ echo \"{unit} still runs\"; exit 0; }}\n")
    }

    /// Ends a script with a message unless it runs.
    pub fn runs(self) -> String {
        let unit = self.unit();
        format!("systemctl is-active --quiet {unit} || {{ echo \"{unit} does not run\"; exit 0; }}\n")
    }
}
