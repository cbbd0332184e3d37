#include "face/postfix_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "face/postfix_connect.h"
#include "face/postfix_master.h"
#include "face/postfix_restrictions.h"

namespace leumund::face {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* policy =
    "check_policy_service { inet:127.0.0.1:10040, timeout=2s, try_limit=1, default_action=DUNNO }";

PostfixWish wish() {
  PostfixWish made;
  made.policy_service = "inet:127.0.0.1:10040";
  config::StartSettings start;
  start.table_folder = "/t";
  made.files = config::postfix_files(start);
  made.contact = "help@c.test";
  return made;
}

PostfixView view() {
  PostfixView made;
  made.defaults["authorized_submit_users"] = "static:anyone";
  made.services = {{"smtp/inet", true, {}},
                   {"submission/inet",
                    true,
                    {{"smtpd_recipient_restrictions", ""},
                     {"smtpd_relay_restrictions", "permit_sasl_authenticated,reject"}}}};
  return made;
}

const config::Egress second =
    *config::parse_egress("out2 address=192.0.2.26 address=2001:db8::26 helo=mail2.example.org");
constexpr const char* second_entry =
    "out2 unix - - n - - smtp -o smtp_bind_address=192.0.2.26 -o smtp_bind_address6=2001:db8::26 "
    "-o smtp_helo_name=mail2.example.org -o syslog_name=postfix/out2";

// What postconf would leave behind.
PostfixView carried_out(PostfixView on, const std::vector<PostfixChange>& changes) {
  for (const PostfixChange& change : changes) {
    auto* set = &on.main;
    for (auto& service : on.services) {
      if (service.key == change.service) set = &service.overrides;
    }
    if (change.after) {
      (*set)[change.parameter] = *change.after;
    } else {
      set->erase(change.parameter);
    }
  }
  return on;
}

TEST(PostfixPlan, MakesNothingForTheUsualEgress) {
  PostfixWish wanted = wish();
  const auto before = plan_connect(view(), wanted, {}).changes;
  wanted.egresses = {*config::parse_egress("default address=192.0.2.25 helo=mail.example.org")};
  EXPECT_EQ(plan_connect(view(), wanted, {}).changes, before);
}

TEST(PostfixPlan, GivesEachEgressATransportAndTakesItBack) {
  PostfixWish wanted = wish();
  wanted.egresses = {second};
  const PostfixPlan plan = plan_connect(view(), wanted, {});
  EXPECT_THAT(plan.changes, Contains(PostfixChange{
                                "out2/unix", "", std::nullopt, std::string(second_entry), {}}));
  PostfixView connected = view();
  connected.clients = {{"out2/unix",
                        false,
                        {{"syslog_name", "postfix/out2"},
                         {"smtp_bind_address", "192.0.2.26"},
                         {"smtp_bind_address6", "2001:db8::26"},
                         {"smtp_helo_name", "mail2.example.org"}}}};
  EXPECT_EQ(current_value(connected, "out2/unix", ""), second_entry);
  const auto concerns = [](const std::vector<PostfixChange>& changes) {
    return std::count_if(changes.begin(), changes.end(),
                         [](const auto& one) { return one.service == "out2/unix"; });
  };
  EXPECT_EQ(concerns(plan_connect(connected, wanted, plan.record).changes), 0) << "it stands";
  EXPECT_EQ(concerns(plan_disconnect(connected, plan.record).changes), 1);
  // No egress any more: the next connect takes the transport away.
  EXPECT_EQ(concerns(plan_connect(connected, wish(), plan.record).changes), 1);
}

TEST(PostfixPlan, DetoursComeBeforeTheAdminsOwnTransportsAndGoAgain) {
  PostfixWish wanted = wish();
  wanted.detours = true;
  PostfixView before = view();
  before.main["transport_maps"] = "hash:/etc/postfix/transport";
  before.defaults["smtp_delivery_status_filter"] = "$default_delivery_status_filter";
  const PostfixPlan plan = plan_connect(before, wanted, {});
  PostfixView connected = before;
  for (const auto& change : plan.changes) {
    if (change.service.empty() && change.after) connected.main[change.parameter] = *change.after;
  }
  EXPECT_EQ(connected.main.at("transport_maps"), "cdb:/t/detours, hash:/etc/postfix/transport");
  EXPECT_EQ(connected.main.at("sender_dependent_default_transport_maps"), "cdb:/t/sender_ways");
  EXPECT_EQ(connected.main.at("smtp_delivery_status_filter"),
            "pcre:/t/own_refusals.pcre, $default_delivery_status_filter");
  std::map<std::string, std::optional<std::string>> back;
  for (const auto& change : plan_disconnect(connected, plan.record).changes) {
    back[change.parameter] = change.after;
  }
  EXPECT_EQ(back.at("transport_maps"), "hash:/etc/postfix/transport");
  EXPECT_EQ(back.at("sender_dependent_default_transport_maps"), std::nullopt);
  EXPECT_EQ(back.at("smtp_delivery_status_filter"), std::nullopt);
}

TEST(PostfixPlan, BothKindsOfWaysAreAskedForBySocketmapWhereThatIsChosen) {
  PostfixView before = view();
  before.main["sender_dependent_default_transport_maps"] = "hash:/etc/postfix/by_sender";
  PostfixWish wanted = wish();
  wanted.detours = true;
  const PostfixPlan tables = plan_connect(before, wanted, {});
  const PostfixView by_table = carried_out(before, tables.changes);
  EXPECT_EQ(by_table.main.at("transport_maps"), "cdb:/t/detours");
  wanted.socketmap = "inet:127.0.0.1:10045";
  const PostfixPlan plan = plan_connect(by_table, wanted, tables.record);
  const PostfixView by_socket = carried_out(by_table, plan.changes);
  EXPECT_EQ(by_socket.main.at("transport_maps"), "socketmap:inet:127.0.0.1:10045:detours")
      << "the table does not stay beside it";
  EXPECT_EQ(by_socket.main.at("sender_dependent_default_transport_maps"),
            "socketmap:inet:127.0.0.1:10045:sender_ways, hash:/etc/postfix/by_sender");
  EXPECT_THAT(plan_connect(by_socket, wanted, plan.record).changes, IsEmpty());
  EXPECT_EQ(carried_out(by_socket, plan_disconnect(by_socket, plan.record).changes).main,
            before.main);
}

TEST(PostfixPlan, WithoutDetoursPostfixKeepsItsOwnWays) {
  const PostfixView now = carried_out(view(), plan_connect(view(), wish(), {}).changes);
  EXPECT_FALSE(now.main.contains("transport_maps"));
  EXPECT_FALSE(now.main.contains("sender_dependent_default_transport_maps"));
}

TEST(PostfixPlan, ATransportOfTheAdminsOwnIsLeftAsItIs) {
  PostfixWish wanted = wish();
  wanted.egresses = {second};
  PostfixView own = view();
  own.clients = {{"out2/unix", false, {{"smtp_bind_address", "192.0.2.99"}}}};
  const PostfixPlan plan = plan_connect(own, wanted, {});
  EXPECT_THAT(plan.remarks, Contains(HasSubstr("out2 of its own")));
  for (const auto& change : plan.record) EXPECT_NE(change.service, "out2/unix");
}

TEST(PostfixMaster, AnEntryIsAddedAtTheEndAndTakenOutWithEveryByteLeft) {
  const std::string before = "smtp unix - - y - - smtp\n# mine\nrelay unix - - y - - smtp\n";
  const auto with = set_entry(before, "out2/unix", second_entry);
  ASSERT_TRUE(with);
  EXPECT_EQ(*with, before + second_entry + "\n");
  EXPECT_EQ(set_entry(*with, "out2/unix", std::nullopt), before);
  EXPECT_EQ(set_entry(*with, "out2/unix", second_entry), *with);
  EXPECT_FALSE(set_entry(before, "out2/unix", std::nullopt)) << "nothing to take out";
  EXPECT_EQ(set_entry("smtp unix - - y - - smtp", "out2/unix", "x"),
            "smtp unix - - y - - smtp\nx\n");
}

TEST(PostfixRestrictions, PutFirstAndTakenOutGivesBackEveryByte) {
  const std::vector<std::string> ours = {policy, "check_sasl_access cdb:/t/suspended_accounts"};
  for (const char* value :
       {"", "reject", "a,b", "a  b,,c", "permit_mynetworks,\treject_x  ",
        "check_policy_service { inet:127.0.0.1:1, timeout=2s }, reject", " a"}) {
    const std::string put = put_first(ours, value);
    EXPECT_TRUE(put.starts_with(policy));
    EXPECT_EQ(put_first(ours, put), put);
    EXPECT_EQ(take_out(ours, put), list_tokens(value).empty() ? "" : take_out(ours, put));
    EXPECT_EQ(list_tokens(take_out(ours, put)).size(), list_tokens(value).size()) << value;
  }
  EXPECT_EQ(take_out(ours, put_first(ours, "a,b")), "a,b");
  EXPECT_EQ(take_out(ours, put_first(ours, "a  b,,c")), "a  b,,c");
}

TEST(PostfixRestrictions, TakesOutOursWhereverTheAdminMovedIt) {
  EXPECT_EQ(take_out({policy}, std::string("reject_a, ") + policy + ", reject_b"),
            "reject_a, reject_b");
  EXPECT_EQ(take_out({policy}, std::string("reject_a ") + policy), "reject_a");
  EXPECT_EQ(take_out({"check_policy_service {inet:127.0.0.1:10040,timeout=2s,try_limit=1,"
                      "default_action=DUNNO}"},
                     std::string(policy) + ", x"),
            "x");
  EXPECT_EQ(take_out({"check_sasl_access cdb:/t/a"}, "check_sasl_access cdb:/t/ab"),
            "check_sasl_access cdb:/t/ab");
}

TEST(PostfixRestrictions, CompactKeepsElementsAndSaysWhatDoesNotFit) {
  EXPECT_EQ(compact_list("permit_mynetworks, reject").text, "permit_mynetworks,reject");
  EXPECT_TRUE(compact_list("$mua_recipient_restrictions").fits);
  EXPECT_FALSE(compact_list("check_helo_access static:{REJECT a b}").fits);
}

TEST(PostfixPlan, AsksFirstInMainAndInEveryServiceThatOverrides) {
  const PostfixPlan plan = plan_connect(view(), wish(), {});
  const PostfixView now = carried_out(view(), plan.changes);
  EXPECT_EQ(now.main.at("smtpd_recipient_restrictions"),
            std::string(policy) +
                ", check_sasl_access cdb:/t/suspended_accounts, check_sender_access "
                "cdb:/t/suspended_senders");
  EXPECT_EQ(now.main.at("smtpd_end_of_data_restrictions"), policy);
  EXPECT_EQ(now.main.at("authorized_submit_users"), "!/t/suspended_users, static:anyone");
  EXPECT_EQ(now.main.at("smtpd_restriction_classes"),
            "leumund_hold, leumund_external_only, leumund_no_sending, leumund_sender");
  EXPECT_THAT(now.main.at("leumund_no_sending"), HasSubstr("please contact help@c.test}"));
  EXPECT_EQ(now.services[1].overrides.at("smtpd_recipient_restrictions"),
            "$leumund_recipient_checks");
  EXPECT_THAT(now.services[0].overrides, IsEmpty());
  EXPECT_THAT(plan_connect(now, wish(), plan.record).changes, IsEmpty());
}

TEST(PostfixPlan, KeepsWhatStoodThereBehindOurs) {
  PostfixView before = view();
  before.main["smtpd_recipient_restrictions"] =
      "permit_mynetworks, permit_sasl_authenticated, reject";
  before.services[1].overrides["smtpd_recipient_restrictions"] =
      "permit_sasl_authenticated, reject";
  const PostfixView now = carried_out(before, plan_connect(before, wish(), {}).changes);
  EXPECT_THAT(now.main.at("smtpd_recipient_restrictions"),
              ::testing::AllOf(
                  ::testing::StartsWith(policy),
                  ::testing::EndsWith(", permit_mynetworks, permit_sasl_authenticated, reject")));
  EXPECT_EQ(now.services[1].overrides.at("smtpd_recipient_restrictions"),
            "$leumund_recipient_checks,permit_sasl_authenticated,reject");
}

TEST(PostfixPlan, ShowsWholeMessagesToTheMilterBeforeOthersSeeThem) {
  PostfixWish with_milter = wish();
  with_milter.milter_service = "inet:127.0.0.1:10041";
  const std::string milter =
      "{ inet:127.0.0.1:10041, connect_timeout=2s, command_timeout=2s, content_timeout=10s, "
      "default_action=accept }";
  PostfixView before = view();
  before.main["smtpd_milters"] = "inet:127.0.0.1:8891";
  before.services[1].overrides["smtpd_milters"] = "inet:127.0.0.1:8892";
  before.services.push_back(
      {"127.0.0.1:10025/inet",
       true,
       {{"content_filter", ""}, {"smtpd_recipient_restrictions", "permit_mynetworks,reject"}}});
  const PostfixPlan plan = plan_connect(before, with_milter, {});
  const PostfixView now = carried_out(before, plan.changes);
  EXPECT_EQ(now.main.at("smtpd_milters"), milter + ", inet:127.0.0.1:8891");
  EXPECT_EQ(now.main.at("non_smtpd_milters"), milter);
  EXPECT_EQ(now.main.at("leumund_milter"), milter);
  EXPECT_EQ(now.services[1].overrides.at("smtpd_milters"), "$leumund_milter,inet:127.0.0.1:8892");
  EXPECT_EQ(now.services[2].overrides.at("smtpd_milters"), "inet:127.0.0.1:8891");
  EXPECT_THAT(plan_connect(now, with_milter, plan.record).changes, IsEmpty());
  const PostfixView after = carried_out(now, plan_disconnect(now, plan.record).changes);
  EXPECT_EQ(after.main, before.main);
  for (std::size_t i = 0; i < before.services.size(); ++i) {
    EXPECT_EQ(after.services[i].overrides, before.services[i].overrides);
  }
}

TEST(PostfixPlan, LeavesTheMiltersAloneWhereNoneIsWanted) {
  PostfixView before = view();
  before.main["smtpd_milters"] = "inet:127.0.0.1:8891";
  const PostfixView now = carried_out(before, plan_connect(before, wish(), {}).changes);
  EXPECT_EQ(now.main.at("smtpd_milters"), "inet:127.0.0.1:8891");
  EXPECT_EQ(now.main.count("non_smtpd_milters"), 0U);
}

TEST(PostfixPlan, DisconnectGivesBackEveryValue) {
  PostfixView before = view();
  before.main["smtpd_recipient_restrictions"] = "permit_mynetworks,  reject";
  before.main["authorized_submit_users"] = "root, www-data";
  before.services[1].overrides["smtpd_end_of_data_restrictions"] =
      "check_helo_access static:{HOLD a b}";
  const PostfixPlan plan = plan_connect(before, wish(), {});
  const PostfixView between = carried_out(before, plan.changes);
  EXPECT_EQ(
      between.services[1].overrides.at("smtpd_end_of_data_restrictions"),
      "$leumund_end_of_data_checks,$leumund_kept_submission_inet_smtpd_end_of_data_restrictions");
  const PostfixPlan back = plan_disconnect(between, plan.record);
  const PostfixView after = carried_out(between, back.changes);
  EXPECT_EQ(after.main, before.main);
  EXPECT_EQ(after.services[1].overrides, before.services[1].overrides);
  EXPECT_THAT(back.remarks, IsEmpty());
}

TEST(PostfixPlan, DisconnectLeavesWhatTheAdminChangedMeanwhile) {
  const PostfixPlan plan = plan_connect(view(), wish(), {});
  PostfixView between = carried_out(view(), plan.changes);
  between.main["smtpd_recipient_restrictions"] =
      "reject_unlisted_recipient, " + between.main["smtpd_recipient_restrictions"] + ", reject_a";
  between.main["authorized_submit_users"] = "!/t/suspended_users, !bad, static:anyone";
  between.services[1].overrides["smtpd_recipient_restrictions"] =
      "permit_sasl_authenticated,reject";
  between.main["myhostname"] = "new.c.test";
  const PostfixView after = carried_out(between, plan_disconnect(between, plan.record).changes);
  EXPECT_EQ(after.main.at("smtpd_recipient_restrictions"), "reject_unlisted_recipient, reject_a");
  EXPECT_EQ(after.main.at("authorized_submit_users"), "!bad, static:anyone");
  EXPECT_EQ(after.services[1].overrides.at("smtpd_recipient_restrictions"),
            "permit_sasl_authenticated,reject");
  EXPECT_EQ(after.main.at("myhostname"), "new.c.test");
  EXPECT_FALSE(after.main.contains("leumund_no_sending"));
}

TEST(PostfixPlan, ADefinitionThatTheAdminNamesStays) {
  const PostfixPlan plan = plan_connect(view(), wish(), {});
  PostfixView between = carried_out(view(), plan.changes);
  between.main["smtpd_client_restrictions"] = "$leumund_recipient_checks";
  const PostfixPlan back = plan_disconnect(between, plan.record);
  EXPECT_TRUE(carried_out(between, back.changes).main.contains("leumund_recipient_checks"));
  EXPECT_THAT(back.remarks, Contains(HasSubstr("leumund_recipient_checks stays")));
}

TEST(PostfixPlan, DefinesOnlyWhatAServiceNames) {
  PostfixView before = view();
  before.services.pop_back();
  const PostfixPlan plan = plan_connect(before, wish(), {});
  EXPECT_FALSE(carried_out(before, plan.changes).main.contains("leumund_recipient_checks"));
  EXPECT_FALSE(carried_out(before, plan.changes).main.contains("leumund_end_of_data_checks"));
  // One that a service named at an earlier connect goes with the service.
  const PostfixPlan first = plan_connect(view(), wish(), {});
  PostfixView now = carried_out(view(), first.changes);
  ASSERT_TRUE(now.main.contains("leumund_recipient_checks"));
  now.services.pop_back();
  const PostfixPlan again = plan_connect(now, wish(), first.record);
  EXPECT_FALSE(carried_out(now, again.changes).main.contains("leumund_recipient_checks"));
}

TEST(PostfixPlan, AnotherPortReplacesTheOldQuestionInsteadOfAskingTwice) {
  const PostfixPlan plan = plan_connect(view(), wish(), {});
  const PostfixView first = carried_out(view(), plan.changes);
  PostfixWish other = wish();
  other.policy_service = "inet:127.0.0.1:10041";
  const PostfixPlan again = plan_connect(first, other, plan.record);
  const PostfixView moved = carried_out(first, again.changes);
  EXPECT_THAT(moved.main.at("smtpd_recipient_restrictions"), HasSubstr(":10041"));
  EXPECT_THAT(moved.main.at("smtpd_recipient_restrictions"), Not(HasSubstr(":10040")));
  const PostfixView after = carried_out(moved, plan_disconnect(moved, again.record).changes);
  EXPECT_EQ(after.main, view().main);
}

// A connect with another state folder has another record: ours knows nothing of it.
TEST(PostfixPlan, WhatAnotherFoldersConnectPutThereIsReplacedAndToldAndNeverStacked) {
  PostfixView before = view();
  before.main["smtpd_recipient_restrictions"] = "permit_mynetworks, reject_unauth_destination";
  before.main["transport_maps"] = "cdb:/etc/postfix/detours_of_my_own";
  PostfixWish old = wish();
  old.detours = true;
  old.milter_service = "inet:127.0.0.1:10041";
  config::StartSettings start;
  start.table_folder = "/tmp/old";
  start.table_type = config::TableType::lmdb;
  old.files = config::postfix_files(start);
  const PostfixView stands = carried_out(before, plan_connect(before, old, {}).changes);
  ASSERT_THAT(stands.main.at("smtpd_recipient_restrictions"), HasSubstr("lmdb:/tmp/old/"));
  for (const bool more : {true, false}) {
    PostfixWish wanted = wish();
    wanted.detours = more;
    if (more) wanted.milter_service = old.milter_service;
    const PostfixPlan plan = plan_connect(stands, wanted, {});
    const PostfixView now = carried_out(stands, plan.changes);
    EXPECT_EQ(now.main, carried_out(before, plan_connect(before, wanted, {}).changes).main) << more;
    EXPECT_EQ(now.services[1].overrides,
              carried_out(before, plan_connect(before, wanted, {}).changes).services[1].overrides);
    EXPECT_TRUE(plan.replaces_earlier);
    ASSERT_THAT(plan.remarks, Contains(HasSubstr("an earlier connect")));
    EXPECT_THAT(plan.remarks.back(), HasSubstr("lmdb:/tmp/old/suspended_accounts"));
    EXPECT_THAT(plan_connect(now, wanted, plan.record).changes, IsEmpty());
    EXPECT_FALSE(plan_connect(now, wanted, plan.record).replaces_earlier);
    EXPECT_EQ(carried_out(now, plan_disconnect(now, plan.record).changes).main, before.main);
  }
}

TEST(PostfixPlan, TwoStackedSetsBecomeOneWithTheQuestionFirst) {
  const PostfixPlan first = plan_connect(view(), wish(), {});
  PostfixView stacked = carried_out(view(), first.changes);
  std::string& list = stacked.main.at("smtpd_recipient_restrictions");
  list = std::string("check_sasl_access cdb:/new/suspended_accounts, ") +
         "check_sender_access cdb:/new/suspended_senders, " + list;
  const PostfixPlan plan = plan_connect(stacked, wish(), {});
  EXPECT_EQ(carried_out(stacked, plan.changes).main.at("smtpd_recipient_restrictions"),
            carried_out(view(), first.changes).main.at("smtpd_recipient_restrictions"));
}

TEST(PostfixPlan, MailThatAContentFilterGivesBackIsNotAskedAboutAgain) {
  PostfixView before = view();
  before.main["smtpd_end_of_data_restrictions"] = "check_client_access cdb:/x";
  before.services.push_back(
      {"127.0.0.1:10025/inet",
       false,
       {{"content_filter", ""}, {"smtpd_recipient_restrictions", "permit_mynetworks,reject"}}});
  const PostfixPlan plan = plan_connect(before, wish(), {});
  const PostfixView now = carried_out(before, plan.changes);
  EXPECT_EQ(now.services[2].overrides.at("smtpd_recipient_restrictions"),
            "permit_mynetworks,reject");
  EXPECT_EQ(now.services[2].overrides.at("smtpd_end_of_data_restrictions"),
            "check_client_access,cdb:/x");
  EXPECT_THAT(plan.remarks, ElementsAre(HasSubstr("127.0.0.1:10025/inet takes mail back")));
  EXPECT_EQ(carried_out(now, plan_disconnect(now, plan.record).changes).services[2].overrides,
            before.services[2].overrides);
}

TEST(PostconfOutput, IsReadWithServicesAndOverrides) {
  const PostfixView view = parse_postconf(
      {"mynetworks =\nsmtpd_recipient_restrictions = a = b\n",
       "authorized_submit_users = static:anyone\n",
       "[::1]:587/inet/smtpd_recipient_restrictions = a,b\npickup/unix/x = 1\n",
       "smtp/inet/chroot = y\nsmtp/inet/command = smtpd -v\n[::1]:587/inet/chroot = n\n"
       "[::1]:587/inet/command = /usr/lib/postfix/sbin/smtpd -o x=y\npickup/unix/command = "
       "pickup\n"});
  EXPECT_EQ(view.main.at("mynetworks"), "");
  EXPECT_EQ(view.main.at("smtpd_recipient_restrictions"), "a = b");
  ASSERT_EQ(view.services.size(), 2U);
  EXPECT_TRUE(view.services[0].chroot);
  EXPECT_EQ(view.services[1].overrides.at("smtpd_recipient_restrictions"), "a,b");
}

TEST(PostfixRecord, ComesBackAsItWasAndRefusesDamage) {
  PostfixRecord record{.folder = "/etc/postfix",
                       .changes = plan_connect(view(), wish(), {}).record,
                       .main_cf = PostfixFileCopy{"a\n", "b\n"},
                       .master_cf = {}};
  const std::string text = postfix_record_json(record);
  const auto back = parse_postfix_record(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->changes, record.changes);
  EXPECT_EQ(back->main_cf, record.main_cf);
  EXPECT_FALSE(parse_postfix_record(text.substr(0, text.size() / 2)));
  EXPECT_FALSE(parse_postfix_record("{\"version\":1,\"folder\":\"\",\"changes\":[{}]}"));
  const auto place = postfix_record_place("/etc/leumund/leumund.toml", "/s", "/etc/postfix");
  EXPECT_EQ(place.path, "/etc/leumund/connect/_etc_postfix.json");
  EXPECT_EQ(place.earlier, "/s/connect/_etc_postfix.json");
}

constexpr const char* master =
    "# a/inet inet\nsmtp inet n - y - - smtpd\n  -o x=$a\n\nsub  inet n - y - - smtpd\n"
    "# between\n  -o x=$a,b -o y={c\n\t-o { z = p {q r} }\n#  -o w=1\npickup unix n - n - - "
    "pickup\n -ox=$a\n";

std::string replaced(std::string_view from, std::string_view to) {
  std::string text = master;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PostfixMaster, ChangesOneOverrideOfTheRightServiceAndNothingElse) {
  EXPECT_EQ(set_override(master, "sub/inet", "x", "$a,b", "c"), replaced("x=$a,b", "x=c"));
  EXPECT_EQ(set_override(master, "sub/inet", "x", "$a,b", "p {q r}"),
            replaced("x=$a,b", "{ x = p {q r} }"));
  EXPECT_EQ(set_override(master, "sub/inet", "z", "p {q r}", "1"),
            replaced("{ z = p {q r} }", "z=1"));
  EXPECT_EQ(set_override(master, "pickup/unix", "x", "$a", ""), replaced("-ox=$a", "-o x="));
  EXPECT_EQ(set_override(master, "smtp/inet", "x", "$a", "$b"), replaced("x=$a\n", "x=$b\n"));
}

TEST(PostfixMaster, AddsAnOverrideBehindTheOthersAndTakesItOutAgain) {
  const auto added = set_override(master, "sub/inet", "w", std::nullopt, "2");
  EXPECT_EQ(added, replaced("q r} }\n", "q r} }\n\t-o w=2\n"));
  EXPECT_EQ(set_override(*added, "sub/inet", "w", "2", std::nullopt), master);
  const auto last = set_override("s inet s", "s/inet", "w", std::nullopt, "");
  EXPECT_EQ(last, "s inet s\n  -o w=");
  EXPECT_EQ(set_override(*last, "s/inet", "w", "", std::nullopt), "s inet s");
  EXPECT_EQ(set_override(master, "sub/inet", "y", "{c", std::nullopt), replaced(" -o y={c", ""));
}

TEST(PostfixMaster, DoesNothingWhereTheTextIsNotAsItWasSeen) {
  EXPECT_FALSE(set_override(master, "sub/inet", "x", "$b", "p q"));
  EXPECT_FALSE(set_override(master, "sub/inet", "w", "1", "2")) << "a comment";
  EXPECT_FALSE(set_override(master, "sub/inet", "x", std::nullopt, "2"));
  EXPECT_FALSE(set_override(master, "nobody/inet", "x", "1", "p q"));
  EXPECT_FALSE(set_override(master, "sub/inet", "x", "$a,b", "two\nlines"));
  EXPECT_FALSE(set_override("s inet s\n -o x=1 -o x=1", "s/inet", "x", "1", "p q"));
  EXPECT_FALSE(set_override("s inet x\ns inet x\n", "s/inet", "x", std::nullopt, "1"));
  EXPECT_FALSE(set_override("s inet s -o", "s/inet", "x", "1", "2"));
  EXPECT_FALSE(set_override("", "s/inet", "x", "1", "p q"));
}

TEST(ShellText, CanBePastedSafely) {
  EXPECT_EQ(shell_text({"postconf", "-e", "a=b c", "d'e", "", "x\ny"}),
            "postconf -e 'a=b c' 'd'\\''e' '' 'x?y'");
}

}  // namespace
}  // namespace leumund::face
