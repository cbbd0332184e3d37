// What a refusal by the remote server is about, as far as its text tells without registries.
//
// The enhanced status code alone does not decide: 5.7.1 stands for content, policy, relaying and
// blocked addresses alike. Words decide, and a refusal of our address outranks all other words,
// since it must never count against the account that happened to send.
//
// Time:    linear in the text. Limits: the first 4 KiB are looked at.
// Threads: a pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace leumund::diagnosis {

enum class ReplyClass : std::uint8_t {
  other,
  unknown_user,           // this recipient does not exist
  content_or_reputation,  // what was said, or the sender's own repute
  greylist,
  mailbox_full,
  address_blocked,  // about our address, its network or name: not the account's doing
};

[[nodiscard]] ReplyClass classify_reply(std::string_view reply);
[[nodiscard]] std::string_view reply_class_name(ReplyClass reply_class);

}  // namespace leumund::diagnosis
