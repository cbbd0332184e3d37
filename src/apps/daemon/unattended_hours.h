// Which unattended time is in force: the configuration's hours come and go, a person's word stands
// until it is over.
//
// Time:    passed in.
// Threads: none of its own and no lock.
#pragma once

#include <optional>

#include "action/restriction_book.h"
#include "base/time.h"

namespace leumund::apps {

class UnattendedHours {
 public:
  // What the book is to have from now on, where it has `now_has` and the configuration wants
  // `wanted`. What the configuration did not put there itself is a person's: a window stands until
  // its end, "off" until the hours it was said in are over. The bounds are always the
  // configuration's.
  [[nodiscard]] action::Unattended next(const action::Unattended& now_has,
                                        const action::Unattended& wanted, base::TimePoint now);

 private:
  action::Unattended configured_;  // the window that the configuration put into the book last
};

}  // namespace leumund::apps
