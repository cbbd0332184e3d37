// A detector's conclusion about one subject, as evidence terms that add up to its score.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "model/subject.h"

namespace leumund::model {

// One reason, in natural-log units of likelihood ratio (positive speaks for "hacked").
struct Term {
  std::string name;  // "new_recipient"; stable, machines match it
  double value = 0;
  std::string text;                 // a sentence a human can check
  std::vector<std::string> events;  // ids or queue ids behind it, at most 8, newest last
};

struct Finding {
  Subject subject;
  std::string kind;  // "burst", "campaign"
  double score = 0;
  double threshold = 0;
  std::vector<Term> terms;
  base::TimePoint at;
  std::string rests_on = {};  // "campaign:ID" without which it would be none
};

}  // namespace leumund::model
