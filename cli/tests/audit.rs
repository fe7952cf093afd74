//! `audit`: exit statuses, lists, archives, and that nothing gets past it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs;

use common::{files_of_joblib, fixture, on_bytes, pickle, piped, status, text};

#[test]
fn an_audit_that_is_incomplete_is_not_clean() {
    assert_eq!(status(&piped(&["audit", "-"], b"K\x01.")), 0);
    assert_eq!(status(&piped(&["audit", "-"], b"]K\x01")), 2);
    assert_eq!(status(&piped(&["audit", "-"], b"cos\nsystem\n(S'id'\ntR.")), 1);
    assert_eq!(status(&piped(&["audit", "-"], b"cos\nsystem\n(S'id'\ntR")), 1);
    assert_eq!(status(&piped(&["audit", "-"], b"cm\nC\n)R.")), 1);
    assert_eq!(status(&piped(&["audit", "--fail-on", "high", "-"], b"cm\nC\n)R.")), 0);
    assert_eq!(status(&piped(&["audit", "--allow", "m.*", "-"], b"cm\nC\n)R.")), 0);
    let denied =
        piped(&["audit", "--deny", "collections.*", "-"], b"ccollections\nOrderedDict\n)R.");
    assert_eq!(status(&denied), 1);
}

/// Every class of bypass that fixtures/audit/make.py makes is found, and what is harmless is clean.
#[test]
fn no_bypass_gets_through() {
    let folder = fixture("audit");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if matches!(path.extension().and_then(|it| it.to_str()), Some("py" | "md" | "json")) {
            continue;
        }
        seen += 1;
        let fail_on = if name.starts_with("medium_") { "medium" } else { "high" };
        let output = pickle(&["audit", "--fail-on", fail_on, path.to_str().unwrap()]);
        let expected = if name.starts_with("clean_") {
            0
        } else if name.starts_with("incomplete_") {
            2
        } else {
            1
        };
        assert_eq!(status(&output), expected, "{name}: {}", text(&output));
    }
    assert!(seen > 130, "{seen}");
}

/// A member whose name is not that of a pickle, compressed in a way that is not read: a loader may
/// know the way.
#[test]
fn a_member_that_cannot_be_read_leaves_an_audit_incomplete_whatever_its_name() {
    let file = fixture("audit/zip_member_without_suffix.pt");
    let mut archive = fs::read(file).unwrap();
    for (signature, at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let headers: Vec<usize> =
            (0..archive.len()).filter(|&here| archive[here..].starts_with(signature)).collect();
        assert!(!headers.is_empty());
        for header in headers {
            archive[header + at..header + at + 2].copy_from_slice(&99_u16.to_le_bytes());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.zip");
    fs::write(&path, archive).unwrap();
    let output = pickle(&["audit", path.to_str().unwrap()]);
    assert_eq!(status(&output), 2, "{}", text(&output));
    assert!(text(&output).contains("method 99"), "{}", text(&output));
}

#[test]
fn raw_arrays_of_joblib_are_followed_by_the_audit_to_the_end() {
    for path in files_of_joblib() {
        let name = path.to_str().unwrap();
        // joblib before 0.10 names files to be loaded, and a model names its classes.
        if name.contains("0.9.4") || name.contains("scaler") {
            let output = pickle(&["audit", name]);
            assert!(!text(&output).contains(": incomplete"), "{}", text(&output));
            continue;
        }
        assert_eq!(status(&pickle(&["audit", name])), 0, "{}", text(&pickle(&["audit", name])));
    }
}

/// joblib skips what pickle runs, and pickle runs on into what joblib skips.
#[test]
fn nothing_hides_in_or_behind_a_raw_array() {
    const CALL: &[u8] = b"cos\nsystem\n(S'id'\ntR";
    let wild = fixture("wild/joblib");
    let file = fs::read(wild.join("joblib-1.6.0-dict.bin")).unwrap();
    assert_eq!(status(&on_bytes(&["audit"], &file, &[])), 0);
    // Behind the last array: only who skips the arrays sees it.
    let mut behind = file[..file.len() - 1].to_vec();
    behind.extend([CALL, b"0."].concat());
    assert_eq!(status(&on_bytes(&["audit"], &behind, &[])), 1);
    // Inside the first array, which begins with the length of the padding: pickle ends there.
    let mut inside = file.clone();
    let array = 229;
    assert_eq!(inside[array], 10);
    inside[array..array + 11].fill(b'N');
    inside[array] = 10;
    inside[array + 11..array + 11 + CALL.len()].copy_from_slice(CALL);
    assert_eq!(status(&on_bytes(&["audit"], &inside, &[])), 0);
    // joblib before 1.2 wrote no padding.
    let old = fs::read(wild.join("joblib-1.1.1-dict.bin")).unwrap();
    let mut inside = old.clone();
    inside[197..197 + CALL.len()].copy_from_slice(CALL);
    let output = on_bytes(&["audit"], &inside, &[]);
    assert_eq!(status(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("system runs code"), "{}", text(&output));
    // In the pickle of an array of objects.
    let objects = fs::read(wild.join("joblib-1.6.0-object_array.bin")).unwrap();
    let mut nested = objects[..227].to_vec();
    nested.extend([&b"\x80\x04"[..], CALL, b"."].concat());
    nested.extend(&objects[383..]);
    let output = on_bytes(&["audit"], &nested, &[]);
    assert_eq!(status(&output), 1, "{}", text(&output));
    // Cut within an array; and one whose shape says nothing.
    assert_eq!(status(&on_bytes(&["audit"], &file[..250], &[])), 2);
    let at = file.windows(6).position(|it| it == b"\x8c\x05shap").unwrap();
    let mut shapeless = file.clone();
    shapeless[at + 2..at + 7].copy_from_slice(b"shave");
    let output = on_bytes(&["audit"], &shapeless, &[]);
    assert_eq!(status(&output), 2, "{}", text(&output));
    assert!(text(&output).contains("has no shape"), "{}", text(&output));
}

/// A zip archive of one stored member, whose checksum nobody compares.
fn zip_of(name: &str, size: u32, file: &mut fs::File, content: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};

    let name_len = u16::try_from(name.len()).unwrap().to_le_bytes();
    let size = size.to_le_bytes();
    let fields =
        [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &size, &size, &name_len, &[0; 2]];
    let local = [b"PK\x03\x04", &fields.concat()[..], name.as_bytes()].concat();
    let central = [b"PK\x01\x02\x14\0", &fields.concat()[..], &[0; 14], name.as_bytes()].concat();
    file.write_all(&[&local, content].concat()).unwrap();
    let at = local.len() as u64 + u64::from(u32::from_le_bytes(size));
    file.seek(SeekFrom::Start(at)).unwrap();
    let len = u32::try_from(central.len()).unwrap().to_le_bytes();
    let at = u32::try_from(at).unwrap().to_le_bytes();
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &len, &at, &[0; 2]].concat();
    file.write_all(&[central, end].concat()).unwrap();
}

/// Members that are too long to be copied are followed where they lie.
#[test]
fn a_long_member_is_followed_to_its_end() {
    const LEN: u32 = 80 << 20;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.zip");
    let bytes = |len: u32| [b"B", &len.to_le_bytes()[..]].concat();
    // Zeros follow, of which the file system stores none.
    let mut behind = bytes(LEN - 100);
    for (name, content, expected) in [
        // Longer than the member.
        ("data.pkl", bytes(LEN), 2),
        ("data.pkl", bytes(LEN - 5), 2),
        ("data.pkl", [b"cos\nsystem\n0", &bytes(LEN)[..]].concat(), 1),
        (
            "data.pkl",
            {
                behind.push(0);
                behind
            },
            2,
        ),
    ] {
        zip_of(name, LEN, &mut fs::File::create(&path).unwrap(), &content);
        let output = pickle(&["audit", path.to_str().unwrap()]);
        assert_eq!(status(&output), expected, "{}", text(&output));
    }
}

/// A few bytes that unpack to many, and members that lie over one another.
#[test]
fn what_an_archive_unpacks_to_is_bounded_and_the_rest_is_not_clean() {
    let wrapped = fixture("audit/wrapped.pkl.gz");
    let wrapped = wrapped.to_str().unwrap();
    assert_eq!(status(&pickle(&["audit", wrapped])), 1);
    let output = pickle(&["audit", "--max-size", "10", wrapped]);
    assert_eq!(status(&output), 2, "{}", text(&output));
    let deflated = fixture("audit/zip_deflated.pt");
    let output = pickle(&["audit", "--max-size", "10", deflated.to_str().unwrap()]);
    assert_eq!(status(&output), 2, "{}", text(&output));
    assert!(text(&output).contains("--max-size"), "{}", text(&output));
    // The same member a thousand times.
    let archive = fs::read(fixture("audit/clean_state_dict.pt")).unwrap();
    let at = |magic: &[u8]| archive.windows(4).position(|it| it == magic).unwrap();
    let (central, end) = (at(b"PK\x01\x02"), at(b"PK\x05\x06"));
    let entry = &archive[central..central + 46 + "archive/data.pkl".len()];
    let mut many = archive[..central].to_vec();
    many.extend(entry.repeat(1_000));
    let len = u32::try_from(1_000 * entry.len()).unwrap().to_le_bytes();
    many.extend([&archive[end..end + 12], &len, &archive[end + 16..]].concat());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.zip");
    fs::write(&path, many).unwrap();
    let path = path.to_str().unwrap();
    let audit = ["audit", "--fail-on", "high", path];
    assert_eq!(status(&pickle(&audit)), 0);
    assert_eq!(status(&pickle(&[&audit[..], &["--max-size", "100000"]].concat())), 2);
}

/// A folder: what has the name of a pickle must be one, and other files may be anything.
#[test]
fn a_folder_is_walked_and_the_worst_of_it_is_the_status() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    let put = |name: &str, content: &[u8]| fs::write(root.join(name), content).unwrap();
    let audit = |more: &[&str]| {
        let output = pickle(&[&["audit", root.to_str().unwrap()], more].concat());
        (status(&output), text(&output))
    };
    put("README.md", b"# Models\n");
    put("a/weights.bin", &[0; 64]);
    put("a/b/one.pkl", b"K\x01.");
    assert_eq!(audit(&[]).0, 0, "{}", audit(&[]).1);
    put("a/b/two.pkl", b"K\x01");
    assert_eq!(audit(&[]).0, 2);
    put("a/b/three.pkl", b"cshop\nUser\n)R.");
    assert_eq!(audit(&[]).0, 1);
    assert_eq!(audit(&["--fail-on", "high"]).0, 2);
    put("a/b/three.pkl", b"K\x01.");
    put("a/b/two.pkl", b"K\x01.");
    // Whatever it is called.
    put("a/b/notes.txt", b"cos\nsystem\n(S'id'\ntR.");
    let (found, said) = audit(&[]);
    assert_eq!(found, 1);
    assert!(said.contains("notes.txt: dangerous") && said.contains("os.system"), "{said}");
}

#[test]
fn lists_are_files_of_patterns_and_a_denied_name_is_denied_whatever_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("names.txt");
    fs::write(&list, "# Ours.\nshop.*\n\nbilling.Invoice  # and theirs\n").unwrap();
    let list = list.to_str().unwrap();
    let audit = |more: &[&str], pickle: &[u8]| {
        let output = piped(&[&["audit"], more, &["-"]].concat(), pickle);
        (status(&output), text(&output))
    };
    let user = b"cshop.models\nUser\n)R.";
    let order = b"ccollections\nOrderedDict\n)R.";
    assert_eq!(audit(&[], user).0, 1);
    assert_eq!(audit(&["--allow-list", list], user).0, 0);
    assert_eq!(audit(&["--allow-list", list], b"cbilling\nInvoice\n)R.").0, 0);
    assert_eq!(audit(&["--allow-list", list], b"cbilling\nInvoices\n)R.").0, 1);
    assert_eq!(audit(&[], order).0, 0);
    let (found, said) = audit(&["--deny", "collections.*"], order);
    assert_eq!(found, 1);
    assert!(said.contains("high   collections.OrderedDict is on the deny list"), "{said}");
    assert_eq!(audit(&["--allow-list", list, "--deny-list", list], user).0, 1);
    // An allowed name is one that somebody has looked at, dangerous or not.
    assert_eq!(audit(&["--allow", "os.system"], b"cos\nsystem\n(S'id'\ntR.").0, 0);
}

/// The demands of a host of code scanning on a report.
#[test]
fn the_report_in_sarif_is_well_formed() {
    let folder = fixture("audit");
    let output = pickle(&["audit", "--format", "sarif", folder.to_str().unwrap()]);
    assert_eq!(status(&output), 1);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["version"], "2.1.0");
    let run = &report["runs"][0];
    // Some of the files cannot be followed.
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 130, "{}", results.len());
    for result in results {
        assert!(ids.contains(&result["ruleId"].as_str().unwrap()), "{result}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.contains("fixtures/audit/") && !uri.contains(' '), "{uri}");
    }
    let json = pickle(&["audit", "--format", "json", folder.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let files = json["files"].as_array().unwrap();
    let findings = files.iter().map(|file| file["findings"].as_array().unwrap().len());
    assert_eq!(findings.sum::<usize>(), results.len());
}
