#include "action/mail_classes.h"

#include <gtest/gtest.h>

namespace leumund::action {
namespace {

using config::Language;
using model::ClassCounts;
using model::MailClass;

ClassCounts counts(std::initializer_list<std::pair<MailClass, std::uint64_t>> given) {
  ClassCounts out{};
  for (const auto& [mail_class, count] : given) out[static_cast<std::size_t>(mail_class)] = count;
  return out;
}

TEST(ClassWords, TellTheUrgentOnesFirst) {
  const ClassCounts some = counts({{MailClass::forward, 1},
                                   {MailClass::unknown, 40},
                                   {MailClass::bulk, 2},
                                   {MailClass::invoice, 2},
                                   {MailClass::booking, 1}});
  EXPECT_EQ(class_words(some, Language::en),
            "1 booking, 2 invoices, 2 of mailings, 1 forwarded, 40 not known");
  EXPECT_EQ(class_words(some, Language::de),
            "1 Buchung, 2 Rechnungen, 2 Rundmails, 1 weitergeleitete, 40 unbekannt");
}

TEST(ClassWords, SayNothingWhereNoMilterTold) {
  EXPECT_EQ(class_words(counts({{MailClass::unknown, 40}}), Language::en), "");
  EXPECT_EQ(class_words({}, Language::de), "");
}

TEST(ClassWords, HaveAWordForEveryClass) {
  for (std::size_t i = 1; i < model::mail_classes; ++i) {
    const auto mail_class = static_cast<MailClass>(i);
    for (const std::uint64_t count : {1U, 7U}) {
      EXPECT_GT(class_words(counts({{mail_class, count}}), Language::de).size(), 5U) << i;
      EXPECT_GT(class_words(counts({{mail_class, count}}), Language::en).size(), 5U) << i;
    }
  }
}

}  // namespace
}  // namespace leumund::action
