//! What is shipped beside the binaries is held to its own tools where this machine has them.

use std::{path::Path, process::Command};

/// Of ten; 1.2 as it is. Most of the rest is that a server has a network.
const EXPOSURE_TENTHS: u32 = 15;

#[test]
fn the_unit_is_one_and_shuts_what_the_server_does_not_need() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("packaging/veritrail.service");
    let text = std::fs::read_to_string(&unit).unwrap();
    assert!(text.contains("ExecStart=/usr/bin/veritrail --config /etc/veritrail/veritrail.toml serve\n"));
    let threshold = format!("--threshold={EXPOSURE_TENTHS}");
    let Ok(judged) = Command::new("systemd-analyze").args(["security", "--offline=true", &threshold]).arg(&unit).output() else {
        println!("systemd-analyze is missing: how exposed the unit is was not judged");
        return;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&judged.stdout), String::from_utf8_lossy(&judged.stderr));
    assert!(judged.status.success() && !said.contains("Unknown"), "{said}");
}
