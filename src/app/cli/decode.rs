//! `onesoup decode`: shows a message of a phone or to one.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::phone::decode;

/// What `onesoup decode` takes.
#[derive(Debug, clap::Args)]
pub struct DecodeArgs {
    /// The file with the message; `-` or none is the standard input.
    file: Option<PathBuf>,
    /// The input is hexadecimal digits.
    #[arg(long)]
    hex: bool,
}

/// Prints the message as indented XML.
///
/// # Errors
///
/// What is wrong with it, and where.
pub async fn run(args: DecodeArgs) -> Result<()> {
    let file = args.file.filter(|file| file != Path::new("-"));
    let mut body = Vec::new();
    match &file {
        Some(file) => {
            body = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
        }
        None => {
            std::io::stdin().lock().read_to_end(&mut body).context("standard input")?;
        }
    }
    if args.hex {
        body = decode::from_hex(&String::from_utf8_lossy(&body))?;
    }
    let text = decode::decode(&body)?;
    std::io::stdout().lock().write_all(text.as_bytes()).context("standard output")
}
