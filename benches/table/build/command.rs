//! Running a command to its end, and the CPU time that it and its children took.

use std::mem::MaybeUninit;
use std::process::Command;
use std::time::Instant;

/// A command that succeeded.
pub(super) struct Ran {
    pub(super) stdout: String,
    /// Seconds of CPU, in user and system.
    pub(super) cpu: f64,
    /// Seconds by the clock on the wall.
    pub(super) wall: f64,
}

/// Runs it.
///
/// # Errors
///
/// What it wrote to its standard error, if it failed.
pub(super) fn run(command: &mut Command) -> Result<Ran, String> {
    let (start, before) = (Instant::now(), cpu_of_children());
    let output = command.output().map_err(|error| error.to_string())?;
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_of_children() - before);
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        cpu,
        wall,
    })
}

/// Of those that have ended, with their own children: compilers count for the build that ran them.
fn cpu_of_children() -> f64 {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    #[expect(unsafe_code, reason = "std does not say what CPU time a child took")]
    // SAFETY: zeroes are an rusage, and getrusage writes nothing but one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
