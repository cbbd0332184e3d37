// What a remote server said when it would not take our mail, and what else is known of it.
#pragma once

#include <span>
#include <string_view>

#include "base/ip_address.h"
#include "model/mail_event.h"

namespace leumund::diagnosis {

// How far the SMTP dialogue had come. `unknown` lets the text speak for itself.
using Stage = model::DeliveryStage;

// Only `text` is needed; everything else makes the answer surer. All views are borrowed.
struct Reply {
  std::string_view text = {};  // bare reply, several lines, a log line's reason, or nested answers
  std::string_view provider =
      {};  // registry id of the recipient's provider (provider_table.h), or ""
  std::string_view remote =
      {};  // host that answered, "mx.example.com" or "mx.example.com[192.0.2.9]"
  Stage stage = Stage::unknown;
  std::span<const base::IpAddress> our_addresses = {};  // if given, only these are ever called ours
  std::string_view recipient = {};                      // address the reply is about, or ""
};

}  // namespace leumund::diagnosis
