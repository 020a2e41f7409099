//! The start-up sequences of both handset files, to their end, read as strictly as the phones do.

use onesoup::csp::status::Code;
use onesoup::phone::handset::Habits;
use onesoup::phone::session::Phone;
use onesoup::phone::settings::{LoginWay, PhoneSettings, WakeBy};

use crate::support::phones::{self, PASSWORD, started, ways};
use crate::support::server::{Server, Wishes};

#[tokio::test]
async fn every_phone_starts_up_in_every_way_it_speaks() {
    let server = Server::start_alone(&Wishes { offers_tcp: true, ..Wishes::default() });
    for (number, (name, habits, version, spelling, login)) in ways().into_iter().enumerate() {
        let user = format!("start{number}");
        server.add_account(&user, PASSWORD);
        for cir in [None, Some(WakeBy::Tcp), Some(WakeBy::Udp)] {
            if cir == Some(WakeBy::Udp) && habits.name == "android" {
                continue;
            }
            let login = login.clone();
            let usual = phones::settings(&server, habits, &user);
            let settings = PhoneSettings { version, spelling, login, cir, ..usual };
            let mut phone = Phone::new(settings).unwrap();
            phone.login().await.unwrap_or_else(|error| panic!("{name}, {cir:?}: {error}"));
            phone.start_up().await.unwrap_or_else(|error| panic!("{name}, {cir:?}: {error}"));
            assert_eq!(phone.lists().len(), 1, "{name}: a new user has one list");
            phone.logout().await.unwrap_or_else(|error| panic!("{name}, {cir:?}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_user_name_is_taken_in_every_form() {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", PASSWORD);
    for user in ["kim", "wv:kim", "Kim@OneSoup.test", "WV:kim@onesoup.test"] {
        let settings = phones::settings(&server, Habits::S60, user);
        for login in [LoginWay::TwoWay, LoginWay::usual_digests()] {
            started(PhoneSettings { login, ..settings.clone() }).await;
        }
    }
}

#[tokio::test]
async fn android_g5_a_wrong_password_is_409_in_two_and_in_four_steps() {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", PASSWORD);
    for (user, password) in [("kim", "dog2"), ("nobody", PASSWORD)] {
        for login in [LoginWay::TwoWay, LoginWay::usual_digests()] {
            let usual = phones::settings(&server, Habits::ANDROID, user);
            let password = onesoup::base::secret::Secret::new(password);
            let mut phone =
                Phone::new(PhoneSettings { login, password, cir: None, ..usual }).unwrap();
            let error = phone.login().await.unwrap_err();
            assert_eq!(error.code(), Some(Code::BAD_PASSWORD), "{user}: {error}");
        }
    }
}

#[tokio::test]
async fn who_guesses_must_wait_and_others_need_not() {
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", PASSWORD);
    server.add_account("lee", PASSWORD);
    let usual = phones::settings(&server, Habits::PLAIN, "kim");
    let password = onesoup::base::secret::Secret::new("dog2");
    let wrong = PhoneSettings { password, cir: None, ..usual.clone() };
    let mut codes = Vec::new();
    for _ in 0..4 {
        let mut phone = Phone::new(wrong.clone()).unwrap();
        codes.push(phone.login().await.unwrap_err().code().unwrap());
    }
    assert_eq!(codes[..3], [Code::BAD_PASSWORD; 3]);
    assert_eq!(codes[3], Code::UNAVAILABLE);
    let mut right = Phone::new(usual).unwrap();
    assert_eq!(right.login().await.unwrap_err().code(), Some(Code::UNAVAILABLE));
    started(PhoneSettings { cir: None, ..phones::settings(&server, Habits::PLAIN, "lee") }).await;
}

#[tokio::test]
async fn a_first_login_makes_an_account_only_where_the_operator_lets_it() {
    let closed = Server::start_alone(&Wishes::default());
    let mut phone = Phone::new(phones::settings(&closed, Habits::PLAIN, "newcomer")).unwrap();
    assert_eq!(phone.login().await.unwrap_err().code(), Some(Code::BAD_PASSWORD));

    let settings = "registration = \"auto\"";
    let open = Server::start_alone(&Wishes { settings, ..Wishes::default() });
    started(phones::settings(&open, Habits::PLAIN, "newcomer")).await;
    started(phones::settings(&open, Habits::S60, "newcomer")).await;
    let password = onesoup::base::secret::Secret::new("dog2");
    let usual = phones::settings(&open, Habits::PLAIN, "newcomer");
    let mut thief = Phone::new(PhoneSettings { password, ..usual }).unwrap();
    assert_eq!(thief.login().await.unwrap_err().code(), Some(Code::BAD_PASSWORD));
    // One address makes five an hour.
    for number in 2..=5 {
        started(phones::settings(&open, Habits::PLAIN, &format!("newcomer{number}"))).await;
    }
    let mut sixth = Phone::new(phones::settings(&open, Habits::PLAIN, "newcomer6")).unwrap();
    assert_eq!(sixth.login().await.unwrap_err().code(), Some(Code::UNAVAILABLE));
}

#[tokio::test]
async fn a_hashed_password_serves_a_plain_login_and_tells_a_digest_that_it_cannot() {
    let server = Server::start_alone(&Wishes::default());
    let added = server.account(&["add", "kim", "--password-stdin", "--plain-only"], PASSWORD);
    assert!(added.0, "{}", added.1);
    started(phones::settings(&server, Habits::PLAIN, "kim")).await;
    let usual = phones::settings(&server, Habits::ANDROID, "kim");
    let login = LoginWay::usual_digests();
    let mut digest = Phone::new(PhoneSettings { login, cir: None, ..usual }).unwrap();
    assert_eq!(digest.login().await.unwrap_err().code(), Some(Code::NO_COMMON_DIGEST));
}

#[tokio::test]
async fn a_suspended_account_is_out_at_once_and_may_come_back() {
    let server = Server::start_alone(&Wishes::default());
    let mut phone = phones::s60(&server, "kim").await;
    assert!(server.account(&["suspend", "kim"], "").0);
    // The service looks every few seconds for what a command has changed.
    let deadline = std::time::Instant::now() + phones::PATIENCE;
    while phone.poll().await.is_ok() && phone.session_id().is_some() {
        assert!(std::time::Instant::now() < deadline, "the session goes on");
        tokio::task::yield_now().await;
    }
    let mut again = Phone::new(phones::settings(&server, Habits::S60, "kim")).unwrap();
    assert_eq!(again.login().await.unwrap_err().code(), Some(Code::FORBIDDEN));
    assert!(server.account(&["resume", "kim"], "").0);
    started(phones::settings(&server, Habits::S60, "kim")).await;
}

#[tokio::test]
async fn every_digest_logs_in_and_so_does_a_password_that_was_asked_for() {
    use onesoup::csp::access::DigestSchema;
    let server = Server::start_alone(&Wishes::default());
    server.add_account("kim", PASSWORD);
    for schema in [DigestSchema::Sha, DigestSchema::Md5, DigestSchema::Md4, DigestSchema::Pwd] {
        let login = LoginWay::FourWay(vec![schema.clone()]);
        let usual = phones::settings(&server, Habits::PLAIN, "kim");
        let mut phone = Phone::new(PhoneSettings { login, ..usual }).unwrap();
        phone.login().await.unwrap_or_else(|error| panic!("{schema:?}: {error}"));
    }
}
