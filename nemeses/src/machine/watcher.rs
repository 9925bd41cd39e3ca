//! The dead man's switch of a machine that is off: a small process on the controller's machine that works the lever
//! back when the controller has been dead for the time to live. It does not help when that whole machine dies.

use cluster::{Command, Node, NodeError};
use std::time::Duration;

/// Starts a watcher for a node and returns its token, a file: while it is there, the watcher watches.
///
/// # Errors
/// If it cannot be started.
pub(super) async fn start(node: &Node, undo: &[&str], time_to_live: Duration) -> Result<String, NodeError> {
    let command = Command::new(script(&node.name, &undo.join(" && "), std::process::id(), time_to_live));
    let output = node.on_controller(&command).await?;
    if output.status == 0 {
        return Ok(output.text());
    }
    Err(NodeError::Failed {
        node: node.name.clone(),
        status: output.status,
        script: "start its watcher on the controller".to_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// Ends the watcher of this token.
pub(super) async fn end(node: &Node, token: &str) {
    // Should this fail, the watcher finds a living controller for as long as there is one, and does nothing.
    let _ended = node.on_controller(&Command::new(format!("rm -f {}\n", Command::quote(token)))).await;
}

/// A process is known by its number and by when it started.
fn script(node: &str, undo: &str, controller: u32, time_to_live: Duration) -> String {
    format!(
        r#"token=$(mktemp --suffix=-gainsay-{node}) || exit 1
born() {{ sed 's/.*) //' /proc/{controller}/stat 2>/dev/null | cut -d ' ' -f 20; }}
setsid sh -c '
  born() {{ sed "s/.*) //" /proc/{controller}/stat 2>/dev/null | cut -d " " -f 20; }}
  while [ -e "$1" ]; do
    if [ "$(born)" != "$2" ]; then
      sleep {seconds}
      [ -e "$1" ] || exit 0
      rm -f "$1"
      exec sh -c "$3"
    fi
    sleep 1
  done' gainsay-watcher "$token" "$(born)" {undo} </dev/null >/dev/null 2>&1 &
echo "$token"
"#,
        undo = Command::quote(undo),
        seconds = time_to_live.as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command as Process, Stdio};
    use std::time::Instant;

    fn controller() -> Child {
        Process::new("sleep").arg("600").spawn().unwrap()
    }

    fn token(script: &str, dir: &std::path::Path) -> std::path::PathBuf {
        let output = Process::new("sh").args(["-c", script]).env("TMPDIR", dir).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().into()
    }

    fn within(limit: Duration, is_so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while !is_so() {
            if begun.elapsed() > limit {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("watcher-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    #[test]
    fn a_dead_controller_is_stood_in_for() {
        let (dir, mut controller) = (folder("dead"), controller());
        let done = dir.join("done");
        let script = script("n1", &format!("touch '{}'", done.display()), controller.id(), Duration::ZERO);
        let token = token(&script, &dir);
        assert!(!within(Duration::from_millis(1500), || done.exists()), "the controller lives");
        controller.kill().unwrap();
        controller.wait().unwrap();
        assert!(within(Duration::from_secs(20), || done.exists()));
        assert!(!token.exists());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn without_its_token_a_watcher_does_nothing() {
        let (dir, mut controller) = (folder("ended"), controller());
        let done = dir.join("done");
        let script = script("n1", &format!("touch '{}'", done.display()), controller.id(), Duration::ZERO);
        std::fs::remove_file(token(&script, &dir)).unwrap();
        controller.kill().unwrap();
        controller.wait().unwrap();
        assert!(!within(Duration::from_secs(3), || done.exists()));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
