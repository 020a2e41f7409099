//! Units of work per second, and what each costs, by the number of those who wait at once.
//!
//! `cargo bench --bench store [-- seconds]` prints a table. The mix is that of a message: a unit
//! that puts a letter and an answer, then one that drops the letter. Processor time is that of
//! the whole process, askers included.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use onesoup::{
    base::{
        clock::{Clock, Millis},
        counters::Counter,
        ids::Ids,
    },
    domain::{
        account::{Account, AccountState, StoredPassword},
        address::{Address, Device},
        mailbox::{Content, Letter, Message},
    },
    store::{Store, answers::Answer, write::Write},
};

fn main() {
    let seconds = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        println!(" askers   units/s  units/commit  cpu us/unit   p50 us   p99 us   max us");
        for askers in [1, 8, 64, 512] {
            measure(askers, Duration::from_secs(seconds)).await;
        }
        read().await;
    });
}

async fn open(directory: &tempfile::TempDir) -> (Store, Clock) {
    let clock = Clock::system();
    let url = format!("sqlite://{}/bench.db", directory.path().display());
    (Store::open(&url, clock.clone()).await.expect("a store"), clock)
}

async fn measure(askers: u64, time: Duration) {
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let (store, clock) = open(&directory).await;
    let ids = Ids::new(clock);
    let (units, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (commits, cpu, start) = (Counter::Commits.value(), cpu_ticks(), Instant::now());
    let tasks: Vec<_> = (0..askers)
        .map(|asker| {
            tokio::spawn(ask(store.clone(), ids.clone(), asker, units.clone(), stop.clone()))
        })
        .collect();
    tokio::time::sleep(time).await;
    stop.store(true, Relaxed);
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.expect("an asker"));
    }
    let (cpu, elapsed) = (cpu_ticks() - cpu, start.elapsed());
    let units = units.load(Relaxed) as f64;
    waits.sort_unstable();
    let wait = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "{askers:7} {:9.0} {:13.1} {:12.1} {:8} {:8} {:8}",
        units / elapsed.as_secs_f64(),
        units / (Counter::Commits.value() - commits) as f64,
        cpu as f64 * 10_000.0 / units,
        wait(0.5),
        wait(0.99),
        wait(1.0),
    );
    store.close().await;
}

async fn ask(
    store: Store,
    ids: Ids,
    asker: u64,
    units: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Vec<u32> {
    let mut waits = Vec::new();
    for number in 0.. {
        if stop.load(Relaxed) {
            break;
        }
        // Each asker stands for ten phones that take turns.
        let phone = asker * 10 + number % 10;
        let id = ids.next_number();
        for unit in [message(id, phone, number), vec![Write::DropLetters { ids: vec![id] }]] {
            let start = Instant::now();
            store.commit(unit).await.expect("a commit");
            waits.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
            units.fetch_add(1, Relaxed);
        }
    }
    waits
}

fn message(id: i64, phone: u64, number: u64) -> Vec<Write> {
    let account = Address::of(&format!("user{phone}"), "onesoup.example");
    let content = Content::Message(Message {
        sender: Device { account: account.clone(), resource: Some("phone".into()) },
        body: "A message of a usual length, which is about a hundred characters, says somebody. "
            .into(),
        media_type: None,
        sent: Millis(id >> 19),
        receipt: Some(format!("receipt-{id}")),
    });
    let expires = Some(Millis((id >> 19) + 86_400_000));
    let received = Millis(id >> 19);
    let letter = Letter { id, account, resource: None, received, expires, content };
    let answer = Answer {
        session: format!("session-{phone:012}").into(),
        transaction: format!("{number}").into(),
        content: Some(vec![number as u8; 16]),
        body: vec![b'x'; 300],
        at: received,
    };
    vec![Write::PutLetter(letter), Write::PutAnswer(answer)]
}

/// Point reads, one after the other and eight at once.
async fn read() {
    let directory = tempfile::tempdir_in(".").expect("a directory");
    let (store, _) = open(&directory).await;
    let address = Address::of("kim", "onesoup.example");
    let account = Account {
        address: address.clone(),
        state: AccountState::Active,
        password: StoredPassword::Sealed(vec![1; 40]),
        block_list_in_use: false,
        grant_list_in_use: false,
        adds_mutually: false,
        created: Millis(0),
    };
    store.create_account(account, vec![]).await.expect("an account");
    println!("readers   reads/s   cpu us/read");
    for readers in [1, 8] {
        let (cpu, start) = (cpu_ticks(), Instant::now());
        let tasks = (0..readers).map(|_| {
            let (store, address) = (store.clone(), address.clone());
            tokio::spawn(async move {
                for _ in 0..20_000 {
                    store.account(&address).await.expect("a read");
                }
            })
        });
        futures::future::join_all(tasks).await;
        let reads = f64::from(readers) * 20_000.0;
        let cpu = (cpu_ticks() - cpu) as f64 * 10_000.0 / reads;
        println!("{readers:7} {:9.0} {cpu:13.1}", reads / start.elapsed().as_secs_f64());
    }
    store.close().await;
}

/// Hundredths of a second of processor time, in user and system mode, that this process took.
fn cpu_ticks() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    behind_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}
