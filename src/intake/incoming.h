// Whether mail comes to us rather than leaves by us.
#pragma once

#include <span>

#include "base/ip_address.h"
#include "model/mail_event.h"

namespace leumund::intake {

// No login, no script, and a client that is neither on loopback, nor private, nor of
// `own_networks`: receiving, which is not ours to stop.
[[nodiscard]] bool is_incoming(const model::Submission& submission,
                               std::span<const base::IpPrefix> own_networks);

}  // namespace leumund::intake
