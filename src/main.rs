//! Parses arguments, starts logging, calls the command and turns its end into an exit
//! code: 0 done, 1 failed, 2 wrong usage.

use std::process::ExitCode;

use clap::Parser as _;
use hearken::cli;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    cli::start_logging(&arguments);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("hearken: the runtime cannot be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(cli::call(arguments));
    // A name server that does not answer must not hold the program back.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match ended {
        Ok(code) => code,
        Err(error) if cli::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hearken: {error:#}");
            ExitCode::FAILURE
        }
    }
}
