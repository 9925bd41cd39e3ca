//! Bad input: one clear message with its place, the right exit code, and nothing touched.

mod harness;

use harness::Harness;

/// Arguments, exit code, and what the message must hold.
const COMMANDS: &[(&str, i32, &str)] = &[
    ("", 64, "Usage"),
    ("tset", 64, "unrecognized subcommand"),
    ("test --wrokload register", 64, "--workload"),
    ("test --workload regster", 64, "there is no workload `regster`"),
    ("test --database etdc", 64, "etcd"),
    ("test --database memory:stale-reed", 64, "stale-read"),
    ("test --nemesis partiton", 64, "partition"),
    ("test --nemesis loss:percent=0", 64, "a whole number from 1 to 100"),
    ("test --nemesis loss:precent=10", 64, "did you mean percent?"),
    ("test --nemesis disk-slow,disk-stall", 64, "cannot be combined: each needs the file system of the data"),
    ("test together.toml", 65, "cannot be combined"),
    ("test endless.toml", 65, "endless.toml:2:"),
    ("test beyond.toml", 65, "ends 70s after the start"),
    ("test waiting.toml", 65, "waits for partition"),
    ("test --time-limit 0s", 64, "greater than zero"),
    ("test --time-limit 60", 64, "60s"),
    ("test --concurrency 0", 64, "from 1"),
    ("test --rate=-1", 64, "--rate"),
    ("test --seed abc", 64, "expected a number"),
    ("test --nodes n1,n1", 64, "twice"),
    ("test --database memory --nemesis kill", 65, "nothing to break"),
    ("test --database memory:lost-update --workload set", 65, "offers no set"),
    ("test absent.toml", 65, "absent.toml"),
    ("test plan.toml", 65, "plan.toml:2:12"),
    ("test unclosed.toml", 65, "unclosed.toml:1:"),
    ("test --inventory absent-inventory.toml", 65, "absent-inventory.toml"),
    ("test --inventory empty.toml", 65, "empty.toml"),
    ("test --inventory twice.toml", 65, "twice.toml:6:8"),
    ("test --inventory nodes.toml --nodes n9", 65, "no node `n9`"),
    ("test --inventory nodes.toml --nodes 4", 65, "4 nodes are wanted"),
    ("check", 64, "Usage"),
    ("check history.jsonl", 64, "--model"),
    ("check absent.jsonl --model register", 65, "absent.jsonl"),
    ("check history.jsonl --model register", 65, "history.jsonl:2:"),
    ("check empty-folder", 65, "not the directory of a run"),
    ("report empty-folder", 65, "not the directory of a run"),
    ("heal", 64, "--inventory"),
    ("lab up --nodes 10", 64, "--nodes"),
    ("lab up --name ..", 64, "name"),
    ("list everything", 64, "nemeses"),
];

fn prepare(harness: &Harness) -> Vec<String> {
    let write = |name: &str, text: &str| std::fs::write(harness.path().join(name), text).expect("a file is written");
    write("plan.toml", "seed = 1\nworkload = \"regster\"\n");
    write("unclosed.toml", "workload = \"register\n");
    let fault = |nemesis: &str, more: &str| format!("[[fault]]\nnemesis = \"{nemesis}\"\nstart = \"10s\"\n{more}\n");
    let twenty = "hold = \"20s\"";
    write("together.toml", &(fault("disk-stall", twenty) + &fault("power-loss", twenty)));
    write("endless.toml", &("\n".to_owned() + &fault("kill", "")));
    write("beyond.toml", &fault("kill", "hold = \"60s\""));
    write("waiting.toml", &fault("kill", "hold = \"5s\"\nwith = \"partition\""));
    write("empty.toml", "name = \"none\"\n");
    write(
        "twice.toml",
        "name = \"lab\"\n[[node]]\nname = \"n1\"\naddress = \"127.0.0.1\"\n[[node]]\nname = \"n1\"\naddress = \"127.0.0.2\"\n",
    );
    write("nodes.toml", "name = \"lab\"\n[[node]]\nname = \"n1\"\naddress = \"127.0.0.1\"\n");
    write(
        "history.jsonl",
        "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"key\":1}\n{\"process\":0,\"type\":\"ok\n\n",
    );
    std::fs::create_dir(harness.path().join("empty-folder")).expect("a folder is made");
    listing(harness)
}

fn listing(harness: &Harness) -> Vec<String> {
    let entries = std::fs::read_dir(harness.path()).expect("the directory is listed");
    let mut names: Vec<String> =
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn bad_input_is_refused_with_its_place_and_nothing_is_touched() {
    let harness = Harness::new();
    let before = prepare(&harness);
    for (arguments, code, message) in COMMANDS {
        let answer = harness.run(arguments);
        assert_eq!(answer.code, *code, "`gainsay {arguments}`: {answer}");
        assert!(answer.stderr.contains(message), "`gainsay {arguments}` lacks `{message}`: {answer}");
        assert!(!answer.stderr.contains("panicked"), "`gainsay {arguments}`: {answer}");
        assert_eq!(listing(&harness), before, "`gainsay {arguments}` left something");
    }
}

#[test]
fn an_unreachable_node_is_a_failure_of_the_surroundings() {
    let harness = Harness::new();
    let inventory = "name = \"lab\"\n[ssh]\nport = 9\n[[node]]\nname = \"n1\"\naddress = \"127.0.0.1\"\n";
    std::fs::write(harness.path().join("nodes.toml"), inventory).expect("a file is written");
    let answer = harness.run("test --inventory nodes.toml");
    assert_eq!(answer.code, 3, "{answer}");
    assert!(answer.stderr.contains("n1") && answer.stderr.contains("127.0.0.1:9"), "{answer}");
    assert_eq!(listing(&harness), ["nodes.toml"]);
}

#[test]
fn results_that_cannot_be_written_are_a_failure_of_the_surroundings() {
    let harness = Harness::new();
    let answer = harness.run("test --database memory --time-limit 1s --results /dev/full/results");
    assert_eq!(answer.code, 3, "{answer}");
    assert!(answer.stderr.contains("/dev/full/results"), "{answer}");
}

#[test]
fn a_full_disk_under_results_is_a_failure_of_the_surroundings() {
    let harness = Harness::new();
    let results = harness.path().join("results");
    std::fs::create_dir(&results).expect("a folder is made");
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=512k", "gainsay-test"])
        .arg(&results)
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        #[allow(clippy::print_stderr)]
        {
            eprintln!("SKIPPED: a small file system cannot be mounted here");
        }
        return;
    }
    let answer = harness.run("test --database memory --time-limit 3s --seed 1");
    let unmounted = std::process::Command::new("umount").arg(&results).status().expect("umount starts");
    assert!(unmounted.success());
    assert_eq!(answer.code, 3, "{answer}");
    assert!(answer.stderr.contains("No space left"), "{answer}");
}
