//! Which leases an answer is of: they are told of when nobody knows whether it will stand.

use jit_core::decide::{Beat, Concluded, Released, Renewed, Share, Took, Unrecorded};
use jit_core::{Ended, Facts, Lease, Reference};

/// What an answer tells of leases, in case that its durability is unknown.
pub(crate) trait OfLeases {
    fn leases(&self) -> Vec<&Lease>;
}

impl OfLeases for Lease {
    fn leases(&self) -> Vec<&Lease> {
        vec![self]
    }
}

impl OfLeases for Vec<Lease> {
    fn leases(&self) -> Vec<&Lease> {
        self.iter().collect()
    }
}

impl OfLeases for Renewed {
    fn leases(&self) -> Vec<&Lease> {
        self.leases.iter().collect()
    }
}

impl OfLeases for Beat {
    fn leases(&self) -> Vec<&Lease> {
        self.renewed.iter().collect()
    }
}

impl OfLeases for Vec<Released> {
    fn leases(&self) -> Vec<&Lease> {
        self.iter().map(|released| &released.lease).collect()
    }
}

impl OfLeases for Facts {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Concluded {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Vec<Reference> {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Vec<(Reference, Unrecorded)> {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Vec<Share> {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Vec<Ended> {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for Took {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}

impl OfLeases for () {
    fn leases(&self) -> Vec<&Lease> {
        Vec::new()
    }
}
