// Whose a mail is when nobody logged in: the script or the forward rule that its headers name.
//
// Anybody may write headers. So only mail of this host and its networks is asked, what the host
// knows (the uid) stays, and a source may bring up so many new names a day: beyond that its mail
// counts for the source again, and a hacked site cannot spread its burst over names of its own.
//
// Limits:  `names_a_day` new names a day for a source, `names_max` names of a source, `sources_max`
//          sources; beyond them no new name is believed.
// Time:    passed in.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/time.h"
#include "fingerprint/print_maker.h"
#include "model/mail_event.h"

namespace leumund::fingerprint {

class Attribution {
 public:
  static constexpr std::size_t names_a_day = 100;
  static constexpr std::size_t names_max = 10'000;
  static constexpr std::size_t sources_max = 1'000;

  // Puts script or forward rule into the mail, and who handed it in. `from_here`: not from outside.
  void apply(const MailPrint& made, bool from_here, base::TimePoint now, model::Submission& mail);
  // Mail that names somebody who is not believed; it counts for whoever handed it in.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Source {
    std::unordered_set<std::string> names;
    std::int64_t day = 0;
    std::size_t new_today = 0;
  };
  [[nodiscard]] bool believes(const std::string& source, const std::string& name,
                              base::TimePoint now);

  std::unordered_map<std::string, Source> sources_;
  std::uint64_t refused_ = 0;
};

}  // namespace leumund::fingerprint
