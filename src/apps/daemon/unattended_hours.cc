#include "apps/daemon/unattended_hours.h"

namespace leumund::apps {
namespace {

using action::Unattended;

bool same_window(const Unattended& a, const Unattended& b) {
  return a.from == b.from && a.until == b.until;
}

}  // namespace

Unattended UnattendedHours::next(const Unattended& now_has, const Unattended& wanted,
                                 base::TimePoint now) {
  const bool by_person = !same_window(now_has, configured_);
  const bool window_stands = now_has.from && (!now_has.until || now < *now_has.until);
  const bool still_off = !now_has.from && wanted.from && wanted.until == configured_.until;
  if (by_person && (window_stands || still_off)) {
    Unattended out = wanted;  // its bounds
    out.from = now_has.from;
    out.until = now_has.until;
    return out;
  }
  configured_ = wanted;
  return wanted;
}

}  // namespace leumund::apps
