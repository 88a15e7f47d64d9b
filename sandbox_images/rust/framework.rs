// The root of a crate of a solution and its tests, and what runs these; engine/checks/framework.py has the form of the
// report. The tests' text comes before the solution's, so that no macro of the solution's means anything in it, and the
// macros that tests assert with have their names here already, so that no other can take them.
#![feature(custom_test_frameworks, test)]
#![test_runner(crate::veristone_tests::run)]
#![allow(warnings)]

extern crate self as solution;
extern crate test as veristone_test;

use std::{assert, assert_eq, assert_ne, debug_assert, debug_assert_eq, debug_assert_ne, matches};

// A module of its own, so that tests may import by name what they see already.
mod of_tests {
    use super::*;
    use std::{assert, assert_eq, assert_ne, debug_assert, debug_assert_eq, debug_assert_ne, matches};

    include!("tests.rs");
}

include!("main.rs");

mod veristone_tests {
    use crate::veristone_test::{ShouldPanic, TestDescAndFn, TestFn};
    use std::fs::{File, OpenOptions};
    use std::io::{Read, Write};
    use std::os::fd::FromRawFd;
    use std::panic::{catch_unwind, AssertUnwindSafe};
    use std::sync::Mutex;

    struct Report {
        file: File,
        good: Vec<String>,
        other: Vec<String>,
        written: usize,
        ended: usize,
    }

    static GIVEN: Mutex<Option<Report>> = Mutex::new(None);
    static PANICKED: Mutex<String> = Mutex::new(String::new());

    // Before whatever the solution has run before `main`.
    #[used]
    #[link_section = ".preinit_array"]
    static FIRST: extern "C" fn() = begin;

    extern "C" fn begin() {
        let mut given = String::new();
        // Dropped, and so closed, at the end of this.
        unsafe { File::from_raw_fd(0) }.read_to_string(&mut given).unwrap_or_default();
        std::mem::forget(File::open("/dev/null"));
        let mut lines = given.lines().map(|line| line.split(' ').map(String::from).collect::<Vec<_>>());
        if let (Some(good), Some(other)) = (lines.next(), lines.next()) {
            let file = OpenOptions::new().write(true).create_new(true).open("veristone.report");
            if let Ok(file) = file {
                *GIVEN.lock().unwrap() = Some(Report { file, good, other, written: 0, ended: 0 });
            }
        }
    }

    impl Report {
        fn tell(&mut self, kind: &str, name: &str, message: &str) {
            let tokens = if kind == "pass" || kind == "skip" { &self.good } else { &self.other };
            let plain = |text: &str| {
                let words: Vec<&str> = text.split(|letter: char| letter.is_control()).collect();
                words.join(" ").trim().chars().take(300).collect::<String>()
            };
            let line = format!("{}\t{}\t{}\t{}\n", tokens[self.written], kind, plain(name), plain(message));
            self.written += 1;
            self.ended += (kind != "plan") as usize;
            if self.file.write_all(line.as_bytes()).is_err() {
                std::process::exit(1);
            }
        }
    }

    pub fn run(tests: &[&TestDescAndFn]) {
        let mut report = match GIVEN.lock().unwrap().take() {
            Some(report) => report,
            None => std::process::exit(1),
        };
        let tests: Vec<_> = tests.iter().filter(|each| each.desc.source_file == "tests.rs").collect();
        let named = |each: &TestDescAndFn| each.desc.name.as_slice().replacen("of_tests::", "", 1);
        for each in &tests {
            report.tell("plan", &named(each), "");
        }
        std::panic::set_hook(Box::new(|said| {
            eprintln!("{said}");
            *PANICKED.lock().unwrap() = said.to_string();
        }));
        for each in &tests {
            let name = &named(each);
            if each.desc.ignore {
                report.tell("skip", name, each.desc.ignore_message.unwrap_or(""));
                continue;
            }
            let function = match each.testfn {
                TestFn::StaticTestFn(function) => function,
                _ => continue,
            };
            PANICKED.lock().unwrap().clear();
            let ended = std::thread::spawn(move || catch_unwind(AssertUnwindSafe(function))).join();
            let message = PANICKED.lock().unwrap().clone();
            let ended = ended.and_then(|inner| inner);
            match (each.desc.should_panic, ended) {
                (ShouldPanic::No, Ok(Ok(()))) => report.tell("pass", name, ""),
                (ShouldPanic::No, Ok(Err(said))) => report.tell("error", name, &said),
                (ShouldPanic::No, Err(_)) if message.contains("assertion ") => report.tell("fail", name, &message),
                (ShouldPanic::No, Err(_)) => report.tell("error", name, &message),
                (_, Ok(_)) => report.tell("fail", name, "was expected to panic"),
                (ShouldPanic::YesWithMessage(wanted), Err(_)) if !message.contains(wanted) => {
                    report.tell("fail", name, &format!("was expected to panic with {wanted:?}: {message}"))
                }
                (_, Err(_)) => report.tell("pass", name, ""),
            }
        }
        let ended = report.ended.to_string();
        report.tell("done", &ended, "");
        std::process::exit(0);
    }
}
