//! Threads that carry jobs to one node, each over a connection of its own.
//!
//! libssh2 allows one thread per session and one blocking call at a time. So a node has up to [`MAX_LANES`] lanes: one
//! from the start, more when all are busy, so that a slow command does not delay a heal. After any error a lane throws
//! its connection away and makes another for the next job.

use super::files::{self, Copy, Failure};
use super::link::{Link, dial};
use super::shell::Broken;
use super::target::Target;
use super::{fresh_number, gate::Gate};
use crate::{Command, NodeError, Output};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most connections to one node.
pub(crate) const MAX_LANES: usize = 4;
/// The most jobs that wait for a lane of one node.
const MAX_JOBS: usize = 1024;
/// How often a job is repeated whose connection was lost, if it may be repeated.
const MAX_REPEATS: u32 = 3;
/// How often a connection is tried for one job.
const MAX_DIALS: u32 = 4;
/// The pause after the first failed connection; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A connection that was idle for longer is asked for a sign of life before a job is trusted to it.
const FRESH: Duration = Duration::from_secs(5);
/// How long such a sign may take.
const SIGN_LIMIT: Duration = Duration::from_secs(5);

/// What a lane can do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Run a command.
    Run(Command),
    /// Copy a file to the node: from, to, mode.
    Upload(PathBuf, String, u32),
    /// Copy a file from the node: from, to.
    Download(String, PathBuf),
}

/// Work, and who waits for it until when.
pub(crate) struct Job {
    /// What to do.
    pub work: Work,
    /// When it is given up.
    pub deadline: Instant,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Result<Output, NodeError>>,
}

/// The jobs of one node, and the lanes that take them.
pub(crate) struct Queue {
    target: Target,
    gate: Arc<Gate>,
    state: Mutex<State>,
    warm_needed: Condvar,
    cold_needed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    lanes: usize,
    /// Lanes without a job that are connected. They come first: to connect takes a hundred times as long as a job.
    warm: usize,
    /// Lanes without a job that are not connected.
    cold: usize,
    closed: bool,
}

impl Queue {
    pub fn new(target: Target, gate: Arc<Gate>) -> Queue {
        Queue { target, gate, state: Mutex::default(), warm_needed: Condvar::new(), cold_needed: Condvar::new() }
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Hands a job to an idle lane, or to a further one, or to the first that becomes free.
    pub fn push(self: &Arc<Queue>, job: Job) -> Result<(), NodeError> {
        let mut state = self.lock();
        if state.jobs.len() >= MAX_JOBS {
            return Err(self.target.unreachable(format!("{MAX_JOBS} commands wait for it already")));
        }
        state.jobs.push_back(job);
        let waiting = state.jobs.len();
        if waiting <= state.warm {
            self.warm_needed.notify_one();
        } else if waiting <= state.warm + state.cold {
            self.cold_needed.notify_one();
        } else if state.lanes < MAX_LANES {
            return self.add_lane(&mut state);
        }
        Ok(())
    }

    /// Starts a thread for the job that came last.
    fn add_lane(self: &Arc<Queue>, state: &mut State) -> Result<(), NodeError> {
        let name = format!("ssh-{}-{}", self.target.name, state.lanes + 1);
        let queue = Arc::clone(self);
        match std::thread::Builder::new().name(name).spawn(move || Lane { queue, link: None }.serve()) {
            Ok(_) => {
                state.lanes += 1;
                state.cold += 1;
                Ok(())
            }
            Err(error) if state.lanes == 0 => {
                state.jobs.pop_back();
                Err(self.target.unreachable(format!("no thread for it: {error}")))
            }
            Err(error) => {
                tracing::warn!(node = self.target.name, %error, "no thread for a further lane");
                Ok(())
            }
        }
    }

    /// Lets the lanes end when they have done what they are at.
    pub fn close(&self) {
        self.lock().closed = true;
        self.warm_needed.notify_all();
        self.cold_needed.notify_all();
    }

    /// Counts a lane as one without a job.
    fn rest(&self, is_warm: bool) {
        *self.lock().resting(is_warm) += 1;
    }

    /// The next job for a lane without one; None when the queue is closed. A lane that is not connected leaves jobs to
    /// those that are.
    fn pop(&self, is_warm: bool) -> Option<Job> {
        let mut state = self.lock();
        let needed = if is_warm { &self.warm_needed } else { &self.cold_needed };
        loop {
            if state.closed {
                return None;
            }
            if (is_warm || state.jobs.len() > state.warm)
                && let Some(job) = state.jobs.pop_front()
            {
                *state.resting(is_warm) -= 1;
                return Some(job);
            }
            state = needed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn resting(&mut self, is_warm: bool) -> &mut usize {
        if is_warm { &mut self.warm } else { &mut self.cold }
    }
}

/// A thread and the connection that only it touches, with the time of its last use.
struct Lane {
    queue: Arc<Queue>,
    link: Option<(Link, Instant)>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.discard();
        self.queue.lock().lanes -= 1;
    }
}

impl Lane {
    fn serve(mut self) {
        while let Some(job) = self.queue.pop(self.link.is_some()) {
            // Nobody waits any more for a job whose caller gave up; it never started.
            let result = (!job.reply.is_closed()).then(|| self.carry(&job.work, job.deadline));
            // Before the answer: its receiver may have a next job, for which this lane is the right one.
            self.queue.rest(self.link.is_some());
            if let Some(result) = result {
                let _ = job.reply.send(result);
            }
        }
    }

    fn carry(&mut self, work: &Work, deadline: Instant) -> Result<Output, NodeError> {
        let mut repeats = 0;
        loop {
            let mut link = self.connected(work, deadline)?;
            match perform(&mut link, &self.queue.target, work, deadline) {
                Ok((output, usable)) => {
                    self.keep(link, usable);
                    return Ok(output);
                }
                Err(Failure::Refused(error)) => {
                    self.keep(link, true);
                    return Err(*error);
                }
                Err(Failure::Broken(broken)) => {
                    link.discard();
                    let lost = matches!(broken, Broken::Lost(_));
                    if !lost || !work.repeatable() || repeats == MAX_REPEATS || Instant::now() >= deadline {
                        return Err(self.queue.target.broken(broken, &work.as_command()));
                    }
                    tracing::warn!(node = self.queue.target.name, ?broken, "repeating after a lost connection");
                    repeats += 1;
                }
            }
        }
    }

    /// The lane's connection, if it lives, else another.
    fn connected(&mut self, work: &Work, deadline: Instant) -> Result<Link, NodeError> {
        if Instant::now() >= deadline {
            return Err(self.queue.target.broken(Broken::TimedOut, &work.as_command()));
        }
        match self.link.take() {
            Some((mut link, used)) => {
                if responds(&mut link, used.elapsed(), deadline) {
                    return Ok(link);
                }
                tracing::debug!(node = self.queue.target.name, "connection was lost while idle");
                link.discard();
                self.reconnect(deadline)
            }
            None => self.reconnect(deadline),
        }
    }

    /// A new connection. Nodes that refuse a login are not asked again; all else is tried a few times.
    fn reconnect(&self, deadline: Instant) -> Result<Link, NodeError> {
        let target = &self.queue.target;
        let mut pause = FIRST_PAUSE;
        let mut tries = 1;
        loop {
            let result = dial(target, deadline).and_then(|socket| {
                let _pass = self
                    .queue
                    .gate
                    .enter(deadline)
                    .ok_or_else(|| target.unreachable("other connections are being made, and took all the time"))?;
                Link::open(target, socket, deadline)
            });
            let pause_now = jittered(pause);
            match result {
                Err(NodeError::Unreachable { .. })
                    if tries < MAX_DIALS && Instant::now() + pause_now < deadline && !self.queue.lock().closed =>
                {
                    std::thread::sleep(pause_now);
                    pause *= 2;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    fn keep(&mut self, link: Link, usable: bool) {
        match usable {
            true => self.link = Some((link, Instant::now())),
            false => link.discard(),
        }
    }

    fn discard(&mut self) {
        if let Some((link, _)) = self.link.take() {
            link.discard();
        }
    }
}

impl Work {
    fn repeatable(&self) -> bool {
        match self {
            Work::Run(command) => command.idempotent,
            Work::Upload(..) | Work::Download(..) => true,
        }
    }

    /// For messages.
    fn as_command(&self) -> Command {
        match self {
            Work::Run(command) => command.clone(),
            Work::Upload(_, remote, _) => Command::new(format!("# upload to {remote}")).within(files::STALL_LIMIT),
            Work::Download(remote, _) => Command::new(format!("# download of {remote}")).within(files::STALL_LIMIT),
        }
    }
}

fn perform(link: &mut Link, target: &Target, work: &Work, deadline: Instant) -> Result<(Output, bool), Failure> {
    match work {
        Work::Run(command) => link.run(command, deadline).map_err(Failure::Broken),
        Work::Upload(local, remote, mode) => {
            files::upload(&link.line(target), &Copy { local, remote }, *mode).map(|()| (Output::default(), true))
        }
        Work::Download(remote, local) => {
            files::download(&link.line(target), &Copy { local, remote }).map(|()| (Output::default(), true))
        }
    }
}

fn responds(link: &mut Link, idle: Duration, deadline: Instant) -> bool {
    if !link.alive() {
        return false;
    }
    let limit = deadline.min(Instant::now() + SIGN_LIMIT);
    idle < FRESH || matches!(link.run(&Command::new(":"), limit), Ok((_, true)))
}

/// Between half and one and a half of a pause, so that lanes that failed together do not return together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + (fresh_number() % 1000) as f64 / 1000.0)
}
