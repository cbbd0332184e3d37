#include "verdict/mail_order.h"

#include <algorithm>
#include <numeric>

#include "base/ascii.h"

namespace leumund::verdict {

using model::MailClass;

std::uint8_t turn_of(MailClass mail_class) {
  switch (mail_class) {
    case MailClass::booking:
    case MailClass::invoice: return 0;
    case MailClass::ticket: return 1;
    case MailClass::personal:
    case MailClass::unknown: return 2;
    case MailClass::automatic: return 3;
    case MailClass::bulk: return 4;
    case MailClass::forward: return 5;
  }
  return 2;
}

std::vector<std::size_t> in_turn(std::span<const MailClass> classes) {
  std::vector<std::size_t> places(classes.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return turn_of(classes[a]) < turn_of(classes[b]);
  });
  return places;
}

bool waits_for_room(MailClass mail_class) {
  return mail_class == MailClass::bulk || mail_class == MailClass::forward;
}

std::uint32_t room_of(const model::Detour& detour, std::uint32_t let_go) {
  const std::uint32_t theirs = detour.cap / 2;
  const bool open = model::routes_mail(detour) && detour.phase == model::DetourPhase::open;
  const std::uint32_t used = std::max(let_go, detour.delivered);
  return open && used < theirs ? theirs - used : 0;
}

bool is_rewritten_sender(std::string_view sender) {
  const bool marked = sender.size() > 5 && base::ascii_lower(sender.substr(0, 3)) == "srs" &&
                      (sender[3] == '0' || sender[3] == '1');
  return marked && std::string_view("=+-").contains(sender[4]);
}

}  // namespace leumund::verdict
