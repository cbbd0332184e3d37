// The packets of the milter protocol, version 6, as Postfix and Sendmail speak it to a filter.
//
// A packet is a length (four bytes, big endian), one letter and data; texts in it end with a NUL
// (libmilter's mfdef.h and mfapi.h; https://www.postfix.org/MILTER_README.html).
//
// Flow:    bytes of a connection -> next_milter_packet() -> the readers below -> MilterService;
//          MilterService -> append_milter_...() -> bytes.
// Time:    none.
// Limits:  `packet_max`; a reader takes what it is given.
// Threads: none.
// Owner:   everything read views the connection's bytes.
// Errors:  malformed (a packet shorter than its kind, a text without its NUL) and too_large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ip_address.h"
#include "base/result.h"

namespace leumund::wire {

// What the mail server says.
enum class MilterCommand : char {
  negotiate = 'O',
  macros = 'D',
  connect = 'C',
  helo = 'H',
  mail = 'M',
  recipient = 'R',
  data = 'T',
  header = 'L',
  end_of_headers = 'N',
  body = 'B',
  end_of_body = 'E',
  abort = 'A',
  quit = 'Q',
  quit_new_connection = 'K',
  unknown = 'U',
};

struct MilterPacket {
  MilterCommand command = MilterCommand::quit;  // any letter: may be none of those above
  std::string_view data;
  std::size_t bytes = 0;  // of the packet with its length
};

// Nothing: more bytes are needed.
[[nodiscard]] base::Result<std::optional<MilterPacket>> next_milter_packet(std::string_view bytes,
                                                                           std::size_t packet_max);

// What either side can do (actions, SMFIF_) and what it leaves out (steps, SMFIP_).
struct MilterOffer {
  std::uint32_t version = 0;
  std::uint32_t actions = 0;
  std::uint32_t steps = 0;
};
namespace milter_action {
inline constexpr std::uint32_t add_headers = 0x01;
inline constexpr std::uint32_t change_headers = 0x10;
inline constexpr std::uint32_t quarantine = 0x20;
}  // namespace milter_action
namespace milter_step {
inline constexpr std::uint32_t no_unknown = 0x100;
inline constexpr std::uint32_t no_data = 0x200;
inline constexpr std::uint32_t skip = 0x400;  // the filter may say that it has seen enough
inline constexpr std::uint32_t no_reply_header = 0x80;
inline constexpr std::uint32_t no_reply_connect = 0x1000;
inline constexpr std::uint32_t no_reply_helo = 0x2000;
inline constexpr std::uint32_t no_reply_mail = 0x4000;
inline constexpr std::uint32_t no_reply_recipient = 0x8000;
inline constexpr std::uint32_t no_reply_data = 0x10000;
inline constexpr std::uint32_t no_reply_end_of_headers = 0x40000;
inline constexpr std::uint32_t header_leading_space = 0x100000;
}  // namespace milter_step

struct MilterConnect {
  std::string_view host;
  std::optional<base::IpAddress> address;  // nothing for a Unix socket or an unknown family
  std::uint16_t port = 0;                  // 0 with Postfix: not by SMTP, a program of this host
};

[[nodiscard]] base::Result<MilterOffer> read_milter_offer(std::string_view data);
[[nodiscard]] base::Result<MilterConnect> read_milter_connect(std::string_view data);
// Name and value.
[[nodiscard]] base::Result<std::pair<std::string_view, std::string_view>> read_milter_header(
    std::string_view data);
// The address of MAIL or RCPT without its angle brackets and parameters.
[[nodiscard]] base::Result<std::string_view> read_milter_address(std::string_view data);
[[nodiscard]] base::Result<std::string_view> read_milter_text(std::string_view data);
// Calls `take` with each name (without braces) and value; false where the packet is malformed, and
// for what came before that `take` was called.
bool read_milter_macros(std::string_view data,
                        const std::function<void(std::string_view, std::string_view)>& take);

void append_milter_offer(const MilterOffer& offer, std::string& out);
void append_milter_continue(std::string& out);
void append_milter_accept(std::string& out);
void append_milter_skip(std::string& out);
// "I am still at it": begins the server's time-out anew.
void append_milter_progress(std::string& out);
// Keeps the message in the server's hold queue.
void append_milter_quarantine(std::string_view reason, std::string& out);
// An SMTP reply, "550 5.7.1 text". Control characters and what is not ASCII become "?", percent
// signs are doubled as the protocol asks, and it is cut at 400 bytes.
void append_milter_reply(std::string_view reply, std::string& out);
// Takes away the header of this name that is the `place`-th of them, from 1 on.
void append_milter_delete_header(std::uint32_t place, std::string_view name, std::string& out);
// At the top of the message.
void append_milter_insert_header(std::string_view name, std::string_view value, std::string& out);

}  // namespace leumund::wire
