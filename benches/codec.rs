//! How fast messages are read and written, and how that compares with libwbxml.
//!
//! `cargo bench --bench codec`; with libwbxml2-dev installed and `--features bench-libwbxml` also
//! libwbxml, from one spelling straight to the other, which is what its interface offers.

#![allow(missing_docs, reason = "a benchmark's functions are no interface")]
#![cfg_attr(feature = "bench-libwbxml", allow(unsafe_code, reason = "a library in C"))]

use std::{fs, hint::black_box, path::Path};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use onesoup::csp::{
    document::{Document, Spelling},
    wbxml::write::WriteOptions,
};

/// One message in all its forms.
struct Message {
    document: Document,
    /// With the document type that libwbxml insists on.
    xml: Vec<u8>,
    wbxml: Vec<u8>,
}

/// Returns our example messages of 1.1, the version that both codecs take as it is.
fn messages() -> Vec<Message> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/csp/1.1");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let bodies = files.filter(|file| file.extension().is_some_and(|end| end == "wbxml"));
    bodies.map(|file| Message::new(fs::read(file).unwrap())).collect()
}

impl Message {
    fn new(wbxml: Vec<u8>) -> Self {
        let document = Document::read(Spelling::Wbxml, &wbxml).unwrap();
        let text = document.write(Spelling::Xml, WriteOptions::default());
        let text = String::from_utf8(text).unwrap().replacen("?>", DOCUMENT_TYPE, 1);
        Self { document, xml: text.into_bytes(), wbxml }
    }
}

fn convert(body: &[u8], from: Spelling, to: Spelling) -> Vec<u8> {
    Document::read(from, body).unwrap().write(to, WriteOptions::default())
}

fn read_and_write(criterion: &mut Criterion) {
    let messages = messages();
    let mut group = criterion.benchmark_group("onesoup");
    group.throughput(Throughput::Elements(messages.len() as u64));
    for (name, spelling) in [("wbxml", Spelling::Wbxml), ("xml", Spelling::Xml)] {
        group.bench_function(format!("read_{name}"), |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    let body =
                        if spelling == Spelling::Xml { &message.xml } else { &message.wbxml };
                    black_box(Document::read(spelling, black_box(body)).unwrap());
                }
            });
        });
        group.bench_function(format!("write_{name}"), |bencher| {
            bencher.iter(|| {
                for message in &messages {
                    black_box(
                        black_box(&message.document).write(spelling, WriteOptions::default()),
                    );
                }
            });
        });
    }
    group.finish();
}

fn wbxml_to_xml(criterion: &mut Criterion) {
    let messages = messages();
    let mut group = criterion.benchmark_group("wbxml_to_xml");
    group.throughput(Throughput::Elements(messages.len() as u64));
    group.bench_function("onesoup", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(convert(black_box(&message.wbxml), Spelling::Wbxml, Spelling::Xml));
            }
        });
    });
    #[cfg(feature = "bench-libwbxml")]
    group.bench_function("libwbxml", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(libwbxml::wbxml_to_xml(black_box(&message.wbxml)));
            }
        });
    });
    group.finish();
}

fn xml_to_wbxml(criterion: &mut Criterion) {
    let messages = messages();
    let mut group = criterion.benchmark_group("xml_to_wbxml");
    group.throughput(Throughput::Elements(messages.len() as u64));
    group.bench_function("onesoup", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(convert(black_box(&message.xml), Spelling::Xml, Spelling::Wbxml));
            }
        });
    });
    #[cfg(feature = "bench-libwbxml")]
    group.bench_function("libwbxml", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(libwbxml::xml_to_wbxml(black_box(&message.xml)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, read_and_write, wbxml_to_xml, xml_to_wbxml);
criterion_main!(benches);

const DOCUMENT_TYPE: &str = "?><!DOCTYPE WV-CSP-Message PUBLIC \"-//OMA//DTD WV-CSP 1.1//EN\" \
    \"http://www.openmobilealliance.org/DTD/WV-CSP.XML\">";

/// The little of libwbxml's interface that a conversion needs.
#[cfg(feature = "bench-libwbxml")]
mod libwbxml {
    use std::{
        ffi::{c_int, c_void},
        ptr, slice,
    };

    type Run = unsafe extern "C" fn(*mut c_void, *const u8, u32, *mut *mut u8, *mut u32) -> c_int;

    #[link(name = "wbxml2")]
    unsafe extern "C" {
        fn wbxml_conv_wbxml2xml_create(converter: *mut *mut c_void) -> c_int;
        fn wbxml_conv_wbxml2xml_set_gen_type(converter: *mut c_void, kind: c_int);
        fn wbxml_conv_wbxml2xml_run(
            converter: *mut c_void,
            body: *const u8,
            length: u32,
            out: *mut *mut u8,
            out_length: *mut u32,
        ) -> c_int;
        fn wbxml_conv_wbxml2xml_destroy(converter: *mut c_void);
        fn wbxml_conv_xml2wbxml_create(converter: *mut *mut c_void) -> c_int;
        fn wbxml_conv_xml2wbxml_run(
            converter: *mut c_void,
            body: *const u8,
            length: u32,
            out: *mut *mut u8,
            out_length: *mut u32,
        ) -> c_int;
        fn wbxml_conv_xml2wbxml_destroy(converter: *mut c_void);
        fn free(memory: *mut c_void);
    }

    /// Returns compact XML, as ours is.
    pub(crate) fn wbxml_to_xml(body: &[u8]) -> Vec<u8> {
        let mut converter = ptr::null_mut();
        // SAFETY: created, used on this thread only, and destroyed once.
        unsafe {
            assert_eq!(wbxml_conv_wbxml2xml_create(&mut converter), 0);
            wbxml_conv_wbxml2xml_set_gen_type(converter, 0);
            let out = run(wbxml_conv_wbxml2xml_run, converter, body);
            wbxml_conv_wbxml2xml_destroy(converter);
            out
        }
    }

    pub(crate) fn xml_to_wbxml(body: &[u8]) -> Vec<u8> {
        let mut converter = ptr::null_mut();
        // SAFETY: as above.
        unsafe {
            assert_eq!(wbxml_conv_xml2wbxml_create(&mut converter), 0);
            let out = run(wbxml_conv_xml2wbxml_run, converter, body);
            wbxml_conv_xml2wbxml_destroy(converter);
            out
        }
    }

    /// # Safety
    ///
    /// The converter is a live one, of the kind that `run` takes.
    unsafe fn run(run: Run, converter: *mut c_void, body: &[u8]) -> Vec<u8> {
        let (mut out, mut length) = (ptr::null_mut(), 0);
        // SAFETY: on success `out` is `length` octets from `malloc`, ours to free.
        unsafe {
            let body_length = u32::try_from(body.len()).unwrap();
            assert_eq!(run(converter, body.as_ptr(), body_length, &mut out, &mut length), 0);
            let copy = slice::from_raw_parts(out, length as usize).to_vec();
            free(out.cast());
            copy
        }
    }
}
