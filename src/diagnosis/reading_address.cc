// Which address of a text is ours: the one it refuses.
#include <algorithm>

#include "diagnosis/reading.h"

namespace leumund::diagnosis {
namespace {

bool followed_by(std::string_view text, std::size_t at, std::string_view what) {
  return text.substr(at).starts_with(what);
}

std::string_view last_word(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text.substr(text.find_last_of(" (") + 1);
}

// "at host mx.example 192.0.2.7", "not offered by host mx.example[192.0.2.7]", "host: mx.example
// (192.0.2.7) reason: 550 no": where it happened. `before` ends with the name, the neighbour.
bool stands_at_remote_host(std::string_view before, std::string_view neighbour,
                           std::string_view behind) {
  const std::string_view further =
      before.substr(0, before.size() - std::min(before.size(), neighbour.size() + 1));
  for (const std::string_view place : {"at host ", "offered by host ", "conversation with ",
                                       "lost connection with ", "of server "}) {
    const bool size = place != "of server " || further.find("size") != std::string_view::npos ||
                      before.find("size") != std::string_view::npos;
    if (size && (further.ends_with(place) || before.ends_with(place))) return true;
  }
  return behind.starts_with(" reason:") &&
         (further.ends_with("host: ") || further.ends_with("host "));
}

}  // namespace

// An address that the text names for another reason than to refuse it.
bool Reading::not_ours(const Entity& entity) const {
  if (entity.address.is_loopback() || entity.begin < announced_) return true;
  std::size_t after = entity.end;
  while (after < plain_.size() && (plain_[after] == ']' || plain_[after] == ')')) ++after;
  // "host mx.example [192.0.2.7]: 550 no": he is the one who answers.
  if (after > entity.end && followed_by(plain_, after, ": ") && answer_at(plain_, after + 2)) {
    return true;
  }
  // "failure reply from 192.0.2.7, 550 no"
  if (followed_by(plain_, after, ", ") && answer_at(plain_, after + 2)) return true;
  for (const std::string_view speaker :
       {" said", ":25 said", " refused to talk", " smtp error", ": host said", " does not like",
        " failed after", ":25: "}) {
    if (followed_by(plain_, after, speaker)) return true;
  }
  const std::size_t from = entity.begin > 48 ? entity.begin - 48 : 0;
  const std::string_view before = plain_.substr(from, entity.begin - from);
  const std::size_t word = before.rfind(' ') + 1;  // 0 where there is no blank
  for (const std::string_view mark :
       {"resolver ", "nameserver ", "dns server ", "example: ", "e.g. ", "for example ",
        "connected to ", "connect to ", "connection to ", "giving up on ", "remote host ",
        "welcome message from "}) {
    if (before.substr(0, word).ends_with(mark)) return true;
  }
  if (before.substr(word).find("relay=") != std::string_view::npos) return true;
  const std::string_view neighbour = last_word(before.substr(0, word));
  if (neighbour.starts_with("relay=")) return true;  // as sendmail logs it
  // "policy (3.2.1.1)": the number of a rule.
  const bool low = entity.address.is_v4() && entity.address.v4_bits() >> 24 < 10;
  if (low && before.ends_with('(') && (neighbour == "policy" || neighbour == "rule")) return true;
  if (stands_at_remote_host(before.substr(0, word), neighbour, plain_.substr(after))) return true;
  if (neighbour.starts_with("rfc")) return true;  // one of its sections
  if (entity.kind == EntityKind::url) {
    const std::string_view url = view_.text_of(entity);
    return url.find("/returnc/") != std::string_view::npos;
  }
  return false;
}

// How plainly the text says that this address is the one it refuses; 0: it does not.
int Reading::claim(const Entity& entity) const {
  if (!entity.has_address || not_ours(entity)) return 0;
  const bool bare = entity.kind == EntityKind::address || entity.kind == EntityKind::network;
  if (bare && entity.address.is_v4() && entity.address.v4_bits() >> 24 == 0) return 0;
  int points = bare ? 20 : entity.reversed ? (entity.list != 0 ? 15 : 0) : 8;
  if (entity.kind == EntityKind::url && entity.list == 0) points -= 3;
  if (bare) {
    const std::size_t from = entity.begin > 40 ? entity.begin - 40 : 0;
    const std::string_view before = plain_.substr(from, entity.begin - from);
    for (const std::string_view word :
         {"client", "from", "your ip", "ip ", "ip:", "sender", "address", "host ", "adresse",
          "direccion", "indirizzo", "endereco", "ip<", "ip=", "ip[", "ip ["}) {
      if (before.find(word) != std::string_view::npos) points += 4;
    }
    if (entity.address.is_private()) points -= 18;
  }
  return points + 30 * static_cast<int>(hop_at(entity.begin));
}

void Reading::find_our_address() {
  int best = 0;
  for (const Entity& entity : view_.entities()) {
    if (!entity.has_address) continue;
    const int points = claim(entity);
    if (points <= best) continue;
    if (!reply_.our_addresses.empty() && entity.kind != EntityKind::network &&
        std::find(reply_.our_addresses.begin(), reply_.our_addresses.end(), entity.address) ==
            reply_.our_addresses.end()) {
      continue;
    }
    best = points;
    ours_ = &entity;
  }
}

}  // namespace leumund::diagnosis
