//! Which domains a command is about.

use anyhow::{Result, bail};
use clap::Args;

use crate::app::config::Settings;

/// One domain, or all.
#[derive(Args)]
pub struct Chosen {
    /// Only this domain of those that are served; without it all.
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
}

impl Chosen {
    /// Returns the settings of the domains that are chosen.
    ///
    /// # Errors
    ///
    /// There is no such domain.
    pub fn of<'a>(&self, settings: &'a Settings) -> Result<Vec<&'a Settings>> {
        let Some(name) = &self.domain else { return Ok(settings.each().collect()) };
        match settings.of_domain(name) {
            Some(settings) => Ok(vec![settings]),
            None => bail!("{name} is no domain of the configuration"),
        }
    }
}
