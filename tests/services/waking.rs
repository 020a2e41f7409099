//! Phones are woken while something waits for them, and sockets end with their sessions.

use std::{sync::Arc, time::Duration};

use onesoup::{
    edges::{
        cir::{datagrams::Datagrams, scheduler, tcp},
        door::Door,
    },
    services::{
        call::PAUSES,
        houses::{House, Houses},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::timeout,
};

use crate::world::{PATIENCE, World};

#[tokio::test]
async fn a_phone_that_did_not_come_is_woken_again_by_something_new() {
    let mut world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:lee", "one").await;
    assert!(world.was_called(&lee.session));
    kim.send("wv:lee", "two").await;
    assert!(!world.was_called(&lee.session), "it is being woken");
    world.clock.turn(PAUSES.iter().sum::<Duration>() + Duration::from_secs(1));
    let kim = world.login("kim", "phone-1").await;
    // Its session lasts longer than all repetitions.
    kim.send("wv:lee", "three").await;
    assert!(world.was_called(&lee.session), "nobody repeats any more");
}

#[tokio::test]
async fn after_a_restart_phones_are_woken_for_what_waits() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    kim.send("wv:lee", "one").await;
    let mut world = world.crashed().await;
    world.services.wake_everybody().await;
    assert!(world.was_called(&lee.session));
    assert!(!world.was_called(&kim.session));
}

#[tokio::test]
async fn a_socket_ends_with_its_session() {
    let mut world = World::new().await;
    let lee = world.phone("lee").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, stopped) = watch::channel(false);
    let (sockets, calls) =
        (tcp::Sockets::default(), std::mem::replace(&mut world.calls, mpsc::channel(1).1));
    let house = Arc::new(House::of(&world.services.rules.domain));
    house.open(world.services.clone());
    let houses = Houses::new(vec![house]).unwrap();
    let door = Door::new(listener, 10);
    tokio::spawn(tcp::run(door, sockets.clone(), houses, stopped.clone()));
    let udp = Arc::new(Datagrams::open().await.unwrap());
    tokio::spawn(scheduler::run(calls, sockets, udp, stopped));
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("HELO {}\r\n", lee.session).as_bytes()).await.unwrap();
    let mut ok = [0; 4];
    socket.read_exact(&mut ok).await.unwrap();
    assert_eq!(&ok, b"OK\r\n");
    lee.logout().await;
    let mut rest = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut rest)).await.expect("it ends").unwrap();
}
