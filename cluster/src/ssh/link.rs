//! One connection to one node: socket, session, login, and the shell that stays. It belongs to one thread.
//!
//! The session never blocks while a command runs: all three streams are served in turn, and the socket is waited for
//! with a deadline. It blocks, bounded by its time-out, only to log in and to open channels. Keep-alive is the
//! kernel's: that of libssh2 turns a quiet second into an error.

use super::host_key::Known;
use super::shell::{self, Broken, Stream, Streams};
use super::target::Target;
use super::{files, fresh_number};
use crate::{Command, NodeError, Output};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, TcpKeepalive};
use ssh2::{BlockDirections, Channel, MethodType, Session};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The longest wait for a TCP connection.
const TCP_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait of any blocking call to libssh2.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// After this time without a byte acknowledged, the kernel gives the connection up.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// A session that is logged in, with its shell.
pub(crate) struct Link {
    session: Session,
    socket: TcpStream,
    shell: Channel,
}

/// A connection that is made but not logged in.
pub(crate) fn dial(target: &Target, deadline: Instant) -> Result<TcpStream, NodeError> {
    let limit = remaining(deadline).min(TCP_LIMIT);
    let socket = TcpStream::connect_timeout(&target.address, limit).map_err(|error| target.unreachable(error))?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(5)).with_retries(3);
    let options = SockRef::from(&socket);
    options
        .set_tcp_keepalive(&keepalive)
        .and_then(|()| options.set_tcp_user_timeout(Some(SILENCE_LIMIT)))
        .and_then(|()| socket.set_nodelay(true))
        .map_err(|error| target.unreachable(error))?;
    Ok(socket)
}

impl Link {
    /// Logs in and starts the shell.
    pub fn open(target: &Target, socket: TcpStream, deadline: Instant) -> Result<Link, NodeError> {
        let failed = |what: &str| {
            let what = what.to_owned();
            move |error: ssh2::Error| target.unreachable(format!("{what}: {}", error.message()))
        };
        let mut session = Session::new().map_err(failed("libssh2"))?;
        session.set_timeout(milliseconds(remaining(deadline).min(CALL_LIMIT)));
        let known = Known::read(&session, &target.known_hosts, &target.host, target.address.port())
            .map_err(failed("known_hosts"))?;
        session.method_pref(MethodType::HostKey, &known.preference()).map_err(failed("host key types"))?;
        session.set_tcp_stream(socket.try_clone().map_err(|error| target.unreachable(error))?);
        session.handshake().map_err(failed("handshake"))?;
        let (shown, _) = session.host_key().ok_or_else(|| target.unreachable("it shows no host key"))?;
        known.verify(target, shown)?;
        super::login::authenticate(&session, target)?;
        let shell = start(&session, &target.shell("")).map_err(failed("shell"))?;
        let mut link = Link { session, socket, shell };
        link.become_root(target, deadline)?;
        Ok(link)
    }

    /// Runs one command in the shell. The flag tells whether the link can be used again.
    pub fn run(&mut self, command: &Command, deadline: Instant) -> Result<(Output, bool), Broken> {
        self.session.set_blocking(false);
        let id = format!("{:016x}", fresh_number());
        shell::run(&mut self.pipes(), command, &id, deadline)
    }

    /// False if the connection is known to be dead. What background processes wrote since the last command is dropped.
    pub fn alive(&mut self) -> bool {
        self.session.set_blocking(false);
        let mut buffer = [0; 4096];
        let now = Instant::now();
        let mut pipes = self.pipes();
        for stream in [Stream::Stdout, Stream::Stderr] {
            match pipes.read(stream, &mut buffer, now) {
                Ok(0) => return false,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return false,
                _ => {}
            }
        }
        true
    }

    /// For copies: the session, made to block with a bound.
    pub fn line<'a>(&'a self, target: &'a Target) -> files::Line<'a> {
        self.session.set_blocking(true);
        self.session.set_timeout(milliseconds(files::STALL_LIMIT));
        files::Line { session: &self.session, socket: &self.socket, target }
    }

    /// Ends the connection without waiting for anything: with the socket shut, libssh2 finds nobody to wait for.
    pub fn discard(self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        self.session.set_blocking(true);
        self.session.set_timeout(200);
    }

    fn pipes(&mut self) -> Pipes<'_> {
        Pipes { session: &self.session, socket: &self.socket, channel: &mut self.shell }
    }

    fn become_root(&mut self, target: &Target, deadline: Instant) -> Result<(), NodeError> {
        let limit = deadline.min(Instant::now() + CALL_LIMIT);
        match self.run(&Command::new("id -u"), limit) {
            Ok((output, true)) if output.text() == "0" => Ok(()),
            Ok((output, _)) => {
                Err(target.unauthenticated(format!("its shell runs as user id '{}', not as root", output.text())))
            }
            Err(Broken::Lost(reason)) if target.user != "root" => Err(target.without_sudo(&reason)),
            Err(Broken::Lost(reason) | Broken::TooMuch(reason)) => Err(target.unreachable(reason)),
            Err(Broken::TimedOut) => Err(target.unreachable("its shell does not answer")),
        }
    }
}

/// A channel in which the node's login shell runs `line`.
pub(crate) fn start(session: &Session, line: &str) -> Result<Channel, ssh2::Error> {
    let mut channel = session.channel_session()?;
    channel.exec(line)?;
    Ok(channel)
}

/// The streams of a channel whose session does not block.
struct Pipes<'a> {
    session: &'a Session,
    socket: &'a TcpStream,
    channel: &'a mut Channel,
}

impl Pipes<'_> {
    /// Repeats a call that libssh2 broke off in the middle of an outgoing packet: it takes no other call before that
    /// packet is out. The node always reads its socket, so this cannot deadlock.
    fn settle(
        &mut self,
        deadline: Instant,
        mut call: impl FnMut(&mut Channel) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            let result = call(self.channel);
            let blocked = matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock);
            if !blocked || !matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
            {
                return result;
            }
            if Instant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            self.poll(PollFlags::OUT, remaining(deadline))?;
        }
    }

    fn poll(&self, flags: PollFlags, limit: Duration) -> io::Result<()> {
        let limit = Timespec::try_from(limit.min(Duration::from_secs(60))).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(self.socket, flags)], Some(&limit)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Streams for Pipes<'_> {
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> io::Result<usize> {
        match self.settle(deadline, |channel| channel.write(bytes)) {
            // The node's window is full.
            Ok(0) => Err(ErrorKind::WouldBlock.into()),
            result => result,
        }
    }

    fn read(&mut self, stream: Stream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        self.settle(deadline, |channel| match stream {
            Stream::Stdout => channel.read(buffer),
            Stream::Stderr => channel.stderr().read(buffer),
        })
    }

    fn wait(&mut self, _: bool, deadline: Instant) -> io::Result<()> {
        // Reading one stream may have fetched packets of the other: then the socket is silent, and there is something
        // to read all the same.
        let queued = self.channel.read_window().available > 0;
        let limit = if queued { Duration::from_millis(1) } else { remaining(deadline) };
        self.poll(PollFlags::IN, limit)
    }

    fn ended(&mut self, deadline: Instant) -> Option<i32> {
        self.session.set_blocking(true);
        self.session.set_timeout(milliseconds(remaining(deadline)));
        let closed = self.channel.wait_close();
        self.session.set_blocking(false);
        closed.ok().map(|()| status(self.channel))
    }
}

/// How the process of a closed channel ended. A signal leaves an exit status of 0 behind, so it is asked for first.
pub(crate) fn status(channel: &Channel) -> i32 {
    let signal = channel.exit_signal().ok().and_then(|end| end.exit_signal);
    match signal {
        Some(name) => 128 + number_of(&name),
        None => channel.exit_status().unwrap_or(-1),
    }
}

/// The number of a signal that SSH names without `SIG`; 0 for one that has no number everywhere.
fn number_of(name: &str) -> i32 {
    let known = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ILL", 4),
        ("ABRT", 6),
        ("FPE", 8),
        ("KILL", 9),
        ("SEGV", 11),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
    ];
    known.iter().find(|(known, _)| *known == name.split('@').next().unwrap_or(name)).map_or(0, |(_, number)| *number)
}

fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// For libssh2, to which 0 means for ever.
fn milliseconds(limit: Duration) -> u32 {
    u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1)
}
