//! The phone in a terminal: lines typed are said, what happens is printed.

mod command;
pub mod screen;

use std::{collections::HashMap, io::Write, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    base::clock::Clock,
    phone::{
        error::PhoneError,
        event::Event,
        session::Phone,
        terminal::{
            command::{Command, HELP, parse},
            screen::{address, contacts, sentence, shown, state},
        },
    },
};

/// A wait without an end of its own; then it just begins again.
const LONG: Duration = Duration::from_secs(3600);

/// Logs a phone in, and does what the lines say until `/quit` or their end.
///
/// # Errors
///
/// If the phone cannot log in, or its session ends; what else goes wrong is printed.
pub async fn talk(
    phone: Phone,
    mut lines: mpsc::Receiver<String>,
    screen: &mut (dyn Write + Send),
) -> Result<(), PhoneError> {
    let mut talk = Talk { phone, screen, partner: None, told: HashMap::new() };
    talk.begin().await?;
    loop {
        let line = tokio::select! {
            line = lines.recv() => Some(line),
            cause = talk.phone.idle(Instant::now() + LONG) => {
                let followed = talk.phone.follow(cause).await;
                talk.report(followed)?;
                None
            }
        };
        match line {
            None => {}
            Some(Some(line)) if !talk.is_quit(&line) => talk.obey(&line).await?,
            Some(_) => return talk.end().await,
        }
        talk.show_events()?;
    }
}

struct Talk<'a> {
    phone: Phone,
    screen: &'a mut (dyn Write + Send),
    partner: Option<String>,
    /// What was last printed of somebody's presence.
    told: HashMap<String, String>,
}

impl Talk<'_> {
    async fn begin(&mut self) -> Result<(), PhoneError> {
        self.phone.login().await?;
        self.phone.start_up().await?;
        let polled = self.phone.poll().await.map(drop);
        self.report(polled)?;
        let user = address(&self.phone.settings().user);
        let way = if self.phone.is_woken() { "woken by the server" } else { "polling" };
        self.print(&format!("logged in as {user}, {way}; /help shows what can be typed"));
        self.print(&contacts(&self.phone.contacts()));
        for contact in self.phone.contacts() {
            if let Some(seen) = &contact.presence {
                self.told.insert(address(&contact.user), state(seen));
            }
        }
        self.show_events()
    }

    /// Shows what came last, and logs out.
    async fn end(&mut self) -> Result<(), PhoneError> {
        let polled = self.phone.poll().await.map(drop);
        self.report(polled)?;
        self.show_events()?;
        self.phone.logout().await?;
        self.print("logged out");
        Ok(())
    }

    fn is_quit(&self, line: &str) -> bool {
        parse(line, |_| false) == Ok(Command::Quit)
    }

    async fn obey(&mut self, line: &str) -> Result<(), PhoneError> {
        let command = match parse(line, |name| self.known(name).is_some()) {
            Ok(command) => command,
            Err(why) => {
                self.print(&why);
                return Ok(());
            }
        };
        let obeyed = self.carry_out(command).await;
        self.report(obeyed)
    }

    async fn carry_out(&mut self, command: Command) -> Result<(), PhoneError> {
        match command {
            Command::To(name) => {
                let to = self.resolved(&name);
                self.print(&format!("talking to {}", address(&to)));
                self.partner = Some(to);
            }
            Command::Say { to, text } => self.say(to, &text).await?,
            Command::Add(user, name) => {
                self.phone.add_contact(&user, &name).await?;
                self.print(&format!("{} is a contact now", address(&user)));
            }
            Command::Remove(name) => {
                let user = self.resolved(&name);
                self.phone.remove_contact(&user).await?;
                self.print(&format!("{} is no contact any more", address(&user)));
            }
            Command::List => self.print(&contacts(&self.phone.contacts())),
            Command::Answer(name, is_accepted) => {
                let user = self.resolved(&name);
                self.phone.answer(&user, is_accepted).await?;
                let may = if is_accepted { "may" } else { "may not" };
                self.print(&format!("{} {may} see whether you are there", address(&user)));
            }
            Command::Mood(mood, text) => {
                self.phone.set_status(mood, text.as_deref()).await?;
                self.print(&format!("you are {} now", mood.word()));
            }
            Command::Poll => {
                let brought = self.phone.poll().await?;
                if brought == 0 {
                    self.print("nothing new");
                }
            }
            Command::Wait(time) => self.wait(time).await?,
            Command::Help => self.print(HELP),
            Command::Quit | Command::Nothing => {}
        }
        Ok(())
    }

    async fn say(&mut self, to: Option<String>, text: &str) -> Result<(), PhoneError> {
        if let Some(name) = to {
            self.partner = Some(self.resolved(&name));
        }
        let Some(partner) = self.partner.clone() else {
            self.print("to whom? /to ADDRESS, or ADDRESS: text");
            return Ok(());
        };
        self.phone.send(&partner, text).await?;
        self.print(&format!("-> {}: {}", address(&partner), text));
        Ok(())
    }

    async fn wait(&mut self, time: Duration) -> Result<(), PhoneError> {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.phone.next_event(left).await? {
                Some(event) => self.show(&event),
                None => return Ok(()),
            }
        }
    }

    fn show_events(&mut self) -> Result<(), PhoneError> {
        while let Some(event) = self.phone.take_event() {
            self.show(&event);
        }
        if self.phone.session_id().is_none() { Err(PhoneError::LoggedOut) } else { Ok(()) }
    }

    /// Prints what happens; presence only if it differs from what was printed before.
    fn show(&mut self, event: &Event) {
        match event {
            Event::Presence(seen) => {
                let state = state(seen);
                let before = self.told.insert(address(&seen.user), state.clone());
                if before.as_ref() == Some(&state) {
                    return;
                }
            }
            Event::Message { from, .. } if self.partner.is_none() => {
                self.partner = Some(from.to_string());
            }
            _ => {}
        }
        if let Some(text) = shown(event, Clock::system().now()) {
            self.print(&text);
        }
    }

    /// Prints what went wrong, unless it is the end of the session.
    fn report(&mut self, outcome: Result<(), PhoneError>) -> Result<(), PhoneError> {
        match outcome {
            Err(PhoneError::LoggedOut) => {
                self.show_events()?;
                Err(PhoneError::LoggedOut)
            }
            Err(error) => {
                self.print(&format!("! {}", sentence(&error)));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Returns the address of the contact who goes by a name.
    fn known(&self, name: &str) -> Option<String> {
        let contacts = self.phone.contacts();
        let is_meant = |user: &str| address(user).eq_ignore_ascii_case(&address(name));
        let by_address = contacts.iter().find(|it| is_meant(&it.user));
        let by_name = || contacts.iter().find(|it| it.name.eq_ignore_ascii_case(name));
        by_address.or_else(by_name).map(|contact| contact.user.to_string())
    }

    fn resolved(&self, name: &str) -> String {
        self.known(name).unwrap_or_else(|| name.to_owned())
    }

    fn print(&mut self, text: &str) {
        // Who closed the screen does not want to see what follows.
        let _ = writeln!(self.screen, "{text}");
        let _ = self.screen.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        csp::{access::LoginResponse, primitive::Primitive, status::Code},
        phone::{
            handset::Habits,
            scripted::{Asked, Say, Scripted, host, host_with, new_message, notification},
        },
    };

    async fn typed(
        habits: Habits,
        server: &Scripted,
        lines: &[&str],
    ) -> (Result<(), PhoneError>, String) {
        let (sender, receiver) = mpsc::channel(lines.len().max(1));
        for line in lines {
            sender.send((*line).to_owned()).await.unwrap();
        }
        drop(sender);
        let mut screen = Vec::new();
        let outcome = talk(server.phone(habits, |_| {}), receiver, &mut screen).await;
        (outcome, String::from_utf8(screen).unwrap())
    }

    #[tokio::test]
    async fn a_chat_is_typed_and_printed() {
        for habits in Habits::ALL {
            let pushes = vec![notification(), new_message("m1", "are you there?")];
            let server = Scripted::new(host_with(pushes)).await;
            let lines = ["yes I am", "Lee: really", "/list", "/away lunch", "/dance", ""];
            let (outcome, screen) = typed(habits, &server, &lines).await;
            outcome.unwrap();
            let shown: Vec<&str> = screen.lines().collect();
            let mood = if habits.name == "android" { "busy" } else { "away" };
            let lee = format!("  Lee <lee@x.test>  {mood}: in town");
            let expected = [
                "logged in as kim, polling; /help shows what can be typed",
                "Friends:",
                &lee,
                "lee@x.test: are you there?",
                "-> lee@x.test: yes I am",
                "-> lee@x.test: really",
                "Friends:",
                &lee,
                "you are away now",
                "there is no /dance; /help shows what there is",
                "logged out",
            ];
            assert_eq!(shown, expected);
            assert_eq!(server.names().last().map(String::as_str), Some("Logout-Request"));
        }
    }

    #[tokio::test]
    async fn what_is_refused_is_told_and_the_chat_goes_on() {
        let server = Scripted::new(|asked: &Asked| match &asked.primitive {
            Primitive::SendMessageRequest(_) => Say::Body(500, Vec::new()),
            _ => host(asked),
        })
        .await;
        let lines = ["hello", "lee: hello", "/to ann@x.test", "/quit", "never"];
        let (outcome, screen) = typed(Habits::PLAIN, &server, &lines).await;
        outcome.unwrap();
        let shown: Vec<&str> = screen.lines().skip(3).collect();
        let expected = [
            "to whom? /to ADDRESS, or ADDRESS: text",
            "! the server answered HTTP 500",
            "talking to ann@x.test",
            "logged out",
        ];
        assert_eq!(shown, expected);
    }

    #[tokio::test]
    async fn the_end_of_the_session_ends_the_chat() {
        let wrong = |_: &Asked| {
            Say::Answer(Primitive::LoginResponse(LoginResponse::new(Code::BAD_PASSWORD)))
        };
        let (outcome, _) = typed(Habits::S60, &Scripted::new(wrong).await, &[]).await;
        assert_eq!(outcome.unwrap_err().code(), Some(Code::BAD_PASSWORD));
        let gone = |asked: &Asked| match &asked.primitive {
            Primitive::SendMessageRequest(_) => Say::Answer(Primitive::Status(
                crate::csp::outcome::Status::new(Code::FORCED_LOGOUT),
            )),
            _ => host(asked),
        };
        let server = Scripted::new(gone).await;
        let (outcome, screen) = typed(Habits::S60, &server, &["lee: hello"]).await;
        assert!(matches!(outcome, Err(PhoneError::LoggedOut)), "{outcome:?}");
        assert!(screen.ends_with("* the server ended the session (601)\n"), "{screen}");
    }
}
