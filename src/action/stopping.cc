#include "action/stopping.h"

#include "model/sender_name.h"

namespace leumund::action {

const model::Restriction* stopping(const RestrictionBook& book, const model::Subject& subject) {
  const model::Restriction* own = book.find(subject);
  const auto uid = model::hands_in(subject);
  const model::Restriction* above = uid ? book.find(*uid) : nullptr;
  if (own == nullptr || above == nullptr) return own == nullptr ? above : own;
  return above->level > own->level ? above : own;
}

bool stops_queued_mail(const model::Restriction& restriction) {
  return restriction.mode == model::Mode::enforce && restriction.level != model::Level::throttle;
}

}  // namespace leumund::action
