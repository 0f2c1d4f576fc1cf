//! The device networks run on, by name.

use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "webgpu"))]
use burn::tensor::DeviceType;
use rating::Problem;

/// Devices that need a Cargo feature of the same name.
const FEATURES: [&str; 4] = ["cuda", "vulkan", "metal", "webgpu"];

/// The devices this build can use: `cpu`, and one for each Cargo feature.
#[must_use]
pub fn device_names() -> Vec<&'static str> {
    let mut names = vec!["cpu"];
    let built_in = [
        cfg!(feature = "cuda"),
        cfg!(feature = "vulkan"),
        cfg!(feature = "metal"),
        cfg!(feature = "webgpu"),
    ];
    names.extend(FEATURES.into_iter().zip(built_in).filter_map(|(name, has)| has.then_some(name)));
    names
}

/// The device of this name.
///
/// # Errors
/// When the name is unknown, or names a device that this build was made without
/// or that this machine does not have.
pub fn device(name: &str) -> Result<Device, Problem> {
    match name {
        "cpu" => Ok(Device::flex()),
        #[cfg(feature = "cuda")]
        "cuda" => here(name, DeviceType::Cuda, Device::cuda(burn::tensor::DeviceIndex::Default)),
        #[cfg(feature = "vulkan")]
        "vulkan" => {
            here(name, DeviceType::Vulkan, Device::vulkan(burn::tensor::DeviceKind::DefaultDevice))
        }
        #[cfg(feature = "metal")]
        "metal" => {
            here(name, DeviceType::Metal, Device::metal(burn::tensor::DeviceKind::DefaultDevice))
        }
        #[cfg(feature = "webgpu")]
        "webgpu" => {
            here(name, DeviceType::WebGpu, Device::webgpu(burn::tensor::DeviceKind::DefaultDevice))
        }
        name if FEATURES.contains(&name) => {
            Err(Problem::new(format!("this build has no device {name:?}")).hint(format!(
                "it has {}; build rating with --features {name} for this one",
                device_names().join(", ")
            )))
        }
        _ => Err(Problem::new(format!("there is no device {name:?}"))
            .hint(format!("this build has {}", device_names().join(", ")))),
    }
}

/// A device of a type that the machine has: Burn opens devices late, and gives
/// up loudly where there is none.
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "webgpu"))]
fn here(name: &str, kind: DeviceType, device: Device) -> Result<Device, Problem> {
    if Device::enumerate(kind).into_vec().is_empty() {
        return Err(Problem::new(format!("this machine has no device {name:?}"))
            .hint("install the graphics card's driver, or take --device cpu"));
    }
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_device_is_answered_with_the_known_ones() {
        assert!(device("cpu").is_ok());
        let problem = device("abacus").err().map(|problem| problem.to_string());
        assert!(problem.is_some_and(|text| text.contains("cpu")));
    }
}
