//! A real lab of two nodes, from nothing to nothing. Skipped, with the reason, where no lab can run.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use lab::{Lab, LabError, LabState};

/// The lab of this test; taken down however the test ends.
struct Guard {
    lab: Lab,
    name: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.lab.down(&mut |line| println!("{line}")) {
            eprintln!("the lab {} could not be taken down: {error}", self.name);
        }
    }
}

impl Guard {
    fn up(&self, nodes: u8) -> LabState {
        self.lab.up(nodes, &mut |line| println!("{line}")).unwrap_or_else(|error| panic!("{error}"))
    }

    fn down(&self) {
        self.lab.down(&mut |line| println!("{line}")).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Runs a script on a node, for at most 30 s.
    fn try_on(&self, node: &str, script: &str) -> Output {
        let ssh = self.lab.shell(node).unwrap();
        Command::new("timeout").arg("30").arg(ssh.get_program()).args(ssh.get_args()).arg(script).output().unwrap()
    }

    fn on(&self, node: &str, script: &str) -> String {
        let output = self.try_on(node, script);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{node}: {script}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said.trim().to_owned()
    }

    /// Everything on this machine that has the lab's name in it.
    fn left(&self) -> Vec<String> {
        let (machine, folder) = (format!("gainsay-{}-n", self.name), format!("/labs/{}/", self.name));
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mounts = mounts.lines().filter(|line| line.contains(&folder)).map(|line| format!("mount {line}"));
        let processes = numbers_in_proc().into_iter().filter(|pid| {
            let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&[read("cmdline"), read("mountinfo")].concat()).into_owned();
            text.contains(&machine) || text.contains(&folder)
        });
        let processes: Vec<String> = processes.map(|pid| format!("process {pid}")).collect();
        let devices = list("/sys/block").into_iter().filter(|device| {
            let image = fs::read_to_string(format!("/sys/block/{device}/loop/backing_file")).unwrap_or_default();
            image.contains(&self.image())
        });
        let groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"].map(list).concat();
        let groups = groups.into_iter().filter(|group| group.starts_with(&machine));
        let mut left: Vec<String> = mounts.chain(processes).chain(devices).chain(groups).collect();
        left.extend(list("/var/lib/gainsay/labs").into_iter().filter(|lab| *lab == self.name));
        left
    }

    fn image(&self) -> String {
        format!("/var/lib/gainsay/{}.img", self.name)
    }
}

fn list(dir: &str) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn numbers_in_proc() -> Vec<u32> {
    list("/proc").iter().filter_map(|name| name.parse().ok()).collect()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn two_nodes_from_nothing_to_nothing() {
    if let Err(reason) = lab::supported() {
        println!("skipped: this machine cannot run a lab: {reason}");
        return;
    }
    let name = format!("t{}", std::process::id());
    let guard = Guard { lab: Lab::named(&name).unwrap(), name };
    let state = guard.up(2);
    assert!(state.nodes.iter().all(|node| node.is_running && node.answers_ssh), "{state:?}");

    a_node_is_what_it_should_be(&guard, &state);
    up_again_changes_nothing(&guard, &state);
    services_of_one_name_are_two_services(&guard);
    a_killed_node_is_repaired_with_its_disk(&guard, &state);
    a_node_that_reboots_comes_back(&guard);
    a_frozen_image_hangs_its_writers_until_it_is_thawed(&guard);
    a_lab_does_not_shrink_under_its_nodes(&guard);

    let bridge = Path::new("/sys/class/net").join(&state.bridge);
    assert!(bridge.exists() && !guard.left().is_empty(), "the search for leftovers finds what is there");
    let begun = Instant::now();
    guard.down();
    assert!(begun.elapsed() < Duration::from_secs(30), "down took {:?}", begun.elapsed());
    assert_eq!(guard.left(), Vec::<String>::new());
    assert!(!bridge.exists());
    guard.down();
    assert!(matches!(guard.lab.status(), Err(LabError::NoSuchLab { .. })));
}

fn a_node_is_what_it_should_be(guard: &Guard, state: &LabState) {
    assert_eq!(guard.on("n1", "hostname"), "n1");
    assert_eq!(guard.on("n2", "cat /etc/gainsay/allowed"), guard.name);
    assert_eq!(guard.on("n1", "systemctl is-system-running --wait || systemctl --failed"), "running");
    assert_eq!(guard.on("n1", "ip -4 route show default; ip -6 route show default"), "", "there is no way out");
    assert!(guard.on("n1", "cat /proc/1/comm").starts_with("systemd"));
    assert!(guard.on("n1", "etcd --version").contains("etcd Version: 3.4."));
    assert!(guard.on("n1", "/opt/gainsay/etcd-3.5/usr/bin/etcd --version").contains("etcd Version: 3.5."));
    assert_eq!(guard.on("n1", "systemctl is-active etcd || true; ls /var/lib/etcd"), "inactive");
    guard.on("n1", "iptables -w 5 -N GAINSAY && iptables -w 5 -X GAINSAY && sudo -n true");
    let other = guard.on("n1", "curl -s --http0.9 --max-time 2 telnet://n2:22 </dev/null | head -c 4 || true");
    assert_eq!(other, "SSH-", "nodes reach each other by name");
    assert!(guard.lab.shell("n3").is_err());

    let inventory: toml::Table = fs::read_to_string(&state.inventory).unwrap().parse().unwrap();
    assert_eq!(inventory["node"][1]["address"].as_str(), Some(state.nodes[1].address.to_string().as_str()));
    let known = fs::read_to_string(state.inventory.with_file_name("known_hosts")).unwrap();
    assert_eq!(known.lines().count(), 6, "three types of key for each of two nodes");
}

fn up_again_changes_nothing(guard: &Guard, state: &LabState) {
    let boot = guard.on("n1", "cat /proc/1/stat | cut -d ' ' -f 22");
    assert_eq!(guard.up(2), *state);
    assert_eq!(guard.on("n1", "cat /proc/1/stat | cut -d ' ' -f 22"), boot);
}

/// Machines that are started in one control group share it; then a kill on n1 meets processes of n2 and fails.
fn services_of_one_name_are_two_services(guard: &Guard) {
    for node in ["n1", "n2"] {
        guard.on(node, "systemd-run --quiet --unit=same sleep 600");
    }
    guard.on("n1", "systemctl kill -s KILL same.service");
    until("the service on n1 ends", || guard.try_on("n1", "systemctl is-active same.service").status.code() != Some(0));
    assert_eq!(guard.on("n2", "systemctl is-active same.service"), "active");
}

fn a_killed_node_is_repaired_with_its_disk(guard: &Guard, state: &LabState) {
    guard.on("n2", "echo kept > /root/mark; sync");
    let pid = state.nodes[1].pid.unwrap().to_string();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    until("n2 is seen to be dead", || !guard.lab.status().unwrap().nodes[1].is_running);
    assert!(guard.lab.status().unwrap().nodes[0].answers_ssh);
    let repaired = guard.up(2);
    assert_eq!(repaired.nodes[0], state.nodes[0], "the healthy node is left alone");
    assert_ne!(repaired.nodes[1].pid, state.nodes[1].pid);
    assert_eq!(guard.on("n2", "cat /root/mark"), "kept");
}

/// nspawn leaves starting it again to whoever started it.
fn a_node_that_reboots_comes_back(guard: &Guard) {
    let boot = || String::from_utf8_lossy(&guard.try_on("n2", "cut -d ' ' -f 22 /proc/1/stat").stdout).into_owned();
    let (before, first) = (boot(), guard.lab.status().unwrap().nodes[1].pid);
    guard.try_on("n2", "systemctl reboot --force --force");
    until("n2 is up again", || {
        guard.lab.status().unwrap().nodes[1].answers_ssh && boot() != before && !boot().is_empty()
    });
    assert_ne!(guard.lab.status().unwrap().nodes[1].pid, first);
    assert_eq!(guard.on("n2", "cat /root/mark"), "kept");
    guard.up(2);
}

/// It is left frozen, with a writer that hangs: `down` has to end that too.
fn a_frozen_image_hangs_its_writers_until_it_is_thawed(guard: &Guard) {
    let (image, dir) = (guard.image(), "/var/lib/gainsay/data");
    let make =
        format!("mkdir -p {dir} && truncate -s 64M {image} && mkfs.ext4 -q -F {image} && mount -o loop {image} {dir}");
    guard.on("n1", &make);
    guard.on("n1", &format!("fsfreeze -f {dir} && (setsid sh -c 'echo x > {dir}/file' >/dev/null 2>&1 &)"));
    assert_eq!(guard.on("n1", &format!("sleep 0.3; ls {dir} | grep -c file || true")), "0", "the write waits");
    guard.on("n1", &format!("fsfreeze -u {dir}; until [ -s {dir}/file ]; do sleep 0.1; done"));
    guard.on("n1", &format!("fsfreeze -f {dir} && (setsid sh -c 'echo x > {dir}/other' >/dev/null 2>&1 &)"));
    guard.on("n2", &format!("{make}; fsfreeze -f {dir}"));
}

fn a_lab_does_not_shrink_under_its_nodes(guard: &Guard) {
    let refused = guard.lab.up(1, &mut |_| {});
    assert!(matches!(&refused, Err(LabError::WouldShrink { node, .. }) if node == "n2"), "{refused:?}");
}
