#include "verdict/campaign_settings.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <span>

namespace leumund::verdict {
namespace {

struct Row {
  std::string_view name;
  double CampaignSettings::* value;
  double least;
  double most;
  std::string_view meaning;
};

using S = CampaignSettings;

constexpr std::array rows = {
    Row{"allowed_per_day", &S::allowed_per_day, 1e-9, 100, "the operator's error budget"},
    Row{"accounts_least", &S::accounts_least, 2, 64, "accounts that a campaign has at least"},
    Row{"accounts_one_tenant", &S::accounts_one_tenant, 2, 64, "... within one domain"},
    Row{"surprise_most", &S::surprise_most, 1, 20, "what one account may count at most"},
    Row{"begins_below_p", &S::begins_below_p, 0.01, 1,
        "a lone mail with a larger p-value is not remembered"},
    Row{"join_at", &S::join_at, 2, 40, "affinity from which two mails are one mailing"},
    Row{"withdrawn_below", &S::withdrawn_below, 0, 1000,
        "an open campaign whose score falls so far below the alarm is withdrawn"},
    Row{"doubtful_below", &S::doubtful_below, 0, 1000,
        "so far above the alarm its owner's mail is not held yet"},
    Row{"text_counts", &S::text_counts, 0, 2, "factor of what similar text binds"},
    Row{"phrases_count", &S::phrases_count, 0, 2, "... shared phrases"},
    Row{"links_count", &S::links_count, 0, 2, "... links, contacts, attachments, short texts"},
    Row{"subject_counts", &S::subject_counts, 0, 2, "... the subject"},
    Row{"clients_count", &S::clients_count, 0, 2, "... client addresses"},
    Row{"membership_counts", &S::membership_counts, 0, 2, "... earlier mail of the account"},
    Row{"odds_count", &S::odds_count, 0, 2, "... odds of a hacked account against its owner"},
};

// The numbers of a list by its name in the file; none for an unknown one.
std::span<double> list_of(S& settings, std::string_view name) {
  if (name == "weights") return settings.weights;
  if (name == "sizes_least") return settings.sizes_least;
  if (name == "stranger") return settings.quantiles[0];
  if (name == "fleeting") return settings.quantiles[1];
  if (name == "known") return settings.quantiles[2];
  if (name == "odds_even") return settings.odds_even;
  if (name == "odds_slope") return settings.odds_slope;
  return {};
}

}  // namespace

base::Status CampaignSettings::set(std::string_view name, double wanted) {
  if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
    const std::span<double> list = list_of(*this, name.substr(0, dot));
    const std::string_view digits = name.substr(dot + 1);
    std::size_t place = list.size();
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), place);
    if (read.ec == std::errc() && read.ptr == digits.data() + digits.size() &&
        place < list.size() && std::isfinite(wanted)) {
      list[place] = wanted;
      return {};
    }
  }
  for (const Row& row : rows) {
    if (row.name != name) continue;
    if (!(wanted >= row.least && wanted <= row.most)) {
      return base::Error{base::ErrorCode::malformed,
                         fmt::format("campaign constant {} = {} is outside {} to {} ({})", name,
                                     wanted, row.least, row.most, row.meaning)};
    }
    this->*(row.value) = wanted;
    return {};
  }
  return base::Error{base::ErrorCode::malformed, fmt::format("no campaign constant '{}'", name)};
}

}  // namespace leumund::verdict
