// What the verbs print of the daemon's answers, for people who read German above all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "apps/command/sheet.h"
#include "apps/command/show.h"

namespace leumund::apps {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Show = bool (*)(Terminal&, std::string_view);

std::string shown(Show show, std::string_view body, Language language = Language::de) {
  Sheet sheet(language);
  EXPECT_TRUE(show(sheet.terminal, body)) << body;
  return sheet.text();
}

TEST(LeumundShown, ACampaignIsExplainedInGermanAndInLinesThatFit) {
  std::string members = "a0@verein.example";
  for (int i = 1; i < 50; ++i) members += ", a" + std::to_string(i) + "@verein.example";
  const std::string text =
      shown(show_subject,
            R"({"subject":"campaign:7f3a","known":true,"standing":"watched",
      "score":-0.001,"threshold":9.25,
      "terms":[{"name":"alike","value":0,
        "text":"14 mails with one text in 1 variants; most share url_domain, subject_part"}],
      "habits":{"messages":"14","shared":"url_domain in 12 of 14, subject in 13 of 14",
        "accounts_last_day":"about 12","members":")" +
                members + R"(","without_strongest_term":"score 4.3 of 9.2 needed",
        "honest_kind":"one_script","not_one_script":"3 of 14 mails come from scripts",
        "share_of_new_recipients":"0.33"},
      "what_would_change":"its mail passes"})");
  EXPECT_THAT(text, HasSubstr("Punkte 0,00; Maßnahmen ab 9,25"));
  EXPECT_THAT(text, HasSubstr("14 Mails mit einem Text in 1 Fassung; die meisten teilen Domain der "
                              "Links, Teil des Betreffs"));
  EXPECT_THAT(text, HasSubstr("Domain der Links in 12 von 14, Betreff in 13 von 14"));
  EXPECT_THAT(text, HasSubstr("etwa 12"));
  EXPECT_THAT(text, HasSubstr("Punkte 4,3, nötig sind 9,2"));
  EXPECT_THAT(text, HasSubstr("es sind Bestätigungen eines Systems"));
  EXPECT_THAT(text, HasSubstr("3 von 14 Mails kommen von Skripten"));
  EXPECT_THAT(text, HasSubstr(" 0,33\n"));
  EXPECT_THAT(text, HasSubstr("Ihre Mail geht durch."));
  EXPECT_THAT(text, Not(HasSubstr("-0")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 140U) << line;
  EXPECT_THAT(text, HasSubstr("a49@verein.example"));
}

TEST(LeumundShown, AScriptThatItsUidStopsIsReleasedWithTheUid) {
  const std::string text = shown(show_subject, R"j({"subject":"script:uid33:contact.php",
    "known":true,"standing":"suspended","score":1,"threshold":9.2,"terms":[],"habits":{},
    "restriction":{"subject":"script:uid33","level":"hold","reason":"hacked","by":"anna",
      "since":60,"until":null},"checklist":["script"]})j");
  EXPECT_THAT(text, HasSubstr("  script:uid33: "));
  EXPECT_THAT(text, HasSubstr("leumund release script:uid33 --done script=WHO"));
}

TEST(LeumundShown, ACaseIsToldInGerman) {
  const std::string text = shown(show_case, R"j({"case":7,"subject":"egress:out1","state":"open",
    "opened_at":60,
    "parties":[{"party":"list:psbl","title":"PSBL","since":60,"until":null,"times":1,
      "places":["192.0.2.1"],"words":"sent spam","meaning":"hit a trap",
      "mails":1,"recipients":1,"accounts":1,
      "sender_domains":1}],
    "causes":[{"subject":"account:a","stopped_at":60,"decision":4,
      "reason":"burst: silent for 1 days before"}],
    "lines":[
      {"at":60,"by":"cases","event":"stopped","party":"account:a",
       "text":"burst: 2 complaints or trap hits","number":4},
      {"at":60,"by":"admin hans","event":"freed","party":"account:a","text":"it was honest"},
      {"at":60,"by":"detour","event":"detour","party":"provider:x","text":"trial out2 (tenant)"},
      {"at":60,"by":"cases","event":"ended","party":"list:psbl","text":"no longer watched"},
      {"at":60,"by":"admin hans","event":"note","party":"","text":"it was honest"}]
})j");
  EXPECT_THAT(text, HasSubstr("1 Mail an 1 Empfänger, von 1 Konto und 1 Domain"));
  EXPECT_THAT(text, HasSubstr("sie sagt: sent spam")) << "their own words are theirs";
  EXPECT_THAT(text, HasSubstr("hat eine Falle getroffen"));
  EXPECT_THAT(text, HasSubstr("plötzlicher Schwall: davor 1 Tag still"));
  EXPECT_THAT(text, HasSubstr("account:a: plötzlicher Schwall: 2 Beschwerden oder Fallentreffer"));
  EXPECT_THAT(text, HasSubstr("account:a: sie war ehrlich (durch hans)"));
  EXPECT_THAT(text,
              HasSubstr("provider:x: auf Probe: ein paar Mails probieren den Weg out2 (tenant)"));
  EXPECT_THAT(text, HasSubstr("list:psbl: nicht mehr beobachtet"));
  EXPECT_THAT(text, HasSubstr("Notiz: it was honest")) << "a person's words stay";
}

// A campaign over sixty accounts: each stopped, each a cause, each with its reasons.
TEST(LeumundShown, ACaseOfACampaignIsToldInAFewLines) {
  std::string causes = R"({"subject":"campaign:7f3a","stopped_at":60,"decision":4,
    "reason":"campaign: 60 accounts","by":"x"})";
  std::string lines = R"({"at":60,"by":"cases","event":"stopped","party":"campaign:7f3a",
    "text":"campaign: 60 accounts"})";
  for (int i = 0; i < 60; ++i) {
    const std::string who = "account:a" + std::to_string(i) + "@verein.example";
    const std::string why = "bulk: member of a campaign over many accounts; 3 new recipients";
    causes +=
        R"(,{"subject":")" + who + R"(","stopped_at":61,"decision":5,"reason":")" + why + "\"}";
    lines += R"(,{"at":61,"by":"cases","event":"stopped","party":")" + who + R"(","text":")" + why +
             "\"}";
  }
  lines += R"(,{"at":99,"by":"admin hans","event":"note","party":"","text":"called"})";
  const std::string body = R"({"case":7,"subject":"egress:out1","state":"open","opened_at":60,
    "causes":[)" + causes + R"(],"more_causes":2,"lines":[)" +
                           lines + "]}";
  const std::string text = shown(show_case, body, Language::en);
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 12) << text;
  EXPECT_THAT(text, HasSubstr("campaign:7f3a with 60 accounts of it stopped"));
  EXPECT_THAT(text, Not(HasSubstr("member of a campaign")));
  EXPECT_THAT(text, HasSubstr("... and 2 more: leumund case 7 --json"));
  EXPECT_THAT(text, HasSubstr("sender stopped: campaign:7f3a: and 60 more until"));
  EXPECT_THAT(text, HasSubstr("note: called (by hans)"));
}

TEST(LeumundShown, StatusShowsCampaignsBeforeTheirMembersAndSaysWhatItLeavesOut) {
  std::string list = R"({"subject":"campaign:7f3a","level":"hold","by":"campaign","since":60,
    "until":null,"reason":"campaign: 14 mails"})";
  for (int i = 0; i < 60; ++i) {
    list += R"(,{"subject":"account:a)" + std::to_string(i) +
            R"(@v.example","level":"hold","by":"bulk","since":61,"until":null,"reason":"bulk: x")" +
            (i < 30 ? R"(,"rests_on":"campaign:7f3a"})" : "}");
  }
  const std::string body = R"({"version":"1","mode":{"burst":"enforce"},"counters":{},
    "unattended":{"now":false},"parts":[],"restrictions_total":61,"restrictions":[)" +
                           list + "]}";
  const std::string text = shown(show_status, body, Language::en);
  EXPECT_THAT(text, HasSubstr("Restricted (61):\n  campaign:7f3a"));
  EXPECT_THAT(text, HasSubstr("with 30 accounts restricted only because of it"));
  EXPECT_THAT(text, Not(HasSubstr("account:a3@v.example")));
  EXPECT_THAT(text, HasSubstr("... and 11 more: leumund status --json"));
}

TEST(LeumundShown, StatusSaysThatTheInstallationStillLearns) {
  const auto text = [](const char* learning, Language language) {
    const std::string body = R"({"version":"1","mode":{"burst":"observe"},"counters":{},
      "learning":)" + std::string(learning) +
                             R"(,"unattended":{"now":false},"parts":[],"restrictions_total":0,
      "restrictions":[]})";
    return shown(show_status, body, language);
  };
  const char* begun = R"({"days":2.25,"of_days":14,"over":false})";
  EXPECT_THAT(text(begun, Language::en), HasSubstr("Still learning, day 3 of 14"));
  EXPECT_THAT(text(begun, Language::de), HasSubstr("Lernt noch, Tag 3 von 14"));
  EXPECT_THAT(text(R"({"days":14,"of_days":14,"over":true})", Language::en),
              Not(HasSubstr("earning")));
}

TEST(LeumundShown, ADetourThatIsOnlyPlannedClaimsNothing) {
  const auto body = [](const char* planned, const char* reason) {
    return std::string(R"({"detours":[{"provider":"gmx","phase":"open","home":"default",)") +
           R"("via":"out2","since":60,"reason":")" + reason + R"(","planned":)" + planned + "}]}";
  };
  const std::string would = body("true", "gmx refuses mail by default; it would leave by out2");
  const std::string english = shown(show_detours, would, Language::en);
  EXPECT_THAT(english, HasSubstr("the detour would be on (only planned)"));
  EXPECT_THAT(english, HasSubstr("would leave by out2, since"));
  EXPECT_THAT(english, Not(HasSubstr("leaves by")));
  const std::string german = shown(show_detours, would);
  EXPECT_THAT(german, HasSubstr("der Umweg liefe (nur geplant)"));
  EXPECT_THAT(german, HasSubstr("sie ginge über out2 hinaus"));
  EXPECT_THAT(german, Not(HasSubstr("geht hinaus")));
  const std::string does = body("false", "gmx refuses mail by default; it leaves by out2");
  EXPECT_THAT(shown(show_detours, does, Language::en), HasSubstr("gmx: detour on\n"));
  EXPECT_THAT(shown(show_detours, does), HasSubstr("Umweg läuft"));
}

TEST(LeumundShown, AProviderIsExplainedInGermanFromTheFirstWord) {
  for (const char* standing : {"open", "suspected", "refused", "half_open"}) {
    const std::string text =
        shown(show_subject, std::string(R"({"subject":"provider:t-online","known":true,)") +
                                R"("standing":")" + standing + R"(","cells":[{"egress":"out1",)" +
                                R"("provider":"t-online","state":"open"}]})");
    EXPECT_THAT(text, Not(HasSubstr(standing)));
    EXPECT_THAT(text, HasSubstr("provider:t-online: "));
  }
  const std::string terms =
      std::string(R"({"name":"x","value":1,"text":"8 accounts of 1 domain wrote out of )") +
      R"(character: together 20.1, honest ones would reach about 8"},)" +
      R"({"name":"y","value":1,"text":"9 new recipients in the last hour, worth 9.5 new )" +
      R"(contacts (4.0 of them within two minutes); 9.5 in the last day; usual at this hour )" +
      R"~(are 0.1, and 1.0 in a largest hour (its own so far, or what everybody is granted)"})~";
  const std::string text =
      shown(show_subject, R"({"subject":"account:a","known":true,"standing":"suspended",
    "score":1,"threshold":9,"habits":{},"terms":[)" +
                              terms + R"(],"restriction":{
    "subject":"account:a","level":"hold","by":"file","reason":"by hand","since":60,
    "until":null}})");
  EXPECT_THAT(text, HasSubstr("von Hand"));
  EXPECT_THAT(text, Not(HasSubstr("by hand")));
  EXPECT_THAT(text, HasSubstr("8 Konten schrieben ganz untypisch, aus 1 Domain: zusammen 20,1"));
  EXPECT_THAT(text, HasSubstr("(4,0 davon binnen zwei Minuten)"));
}

TEST(LeumundShown, NewsOfACaseAreSaidOnce) {
  const std::string news = R"({"decision":"case_due","number":9,"at":60,"subject":"egress:out1",
    "by":"cases","reason":"case 7: PSBL still stands, next is: form",
    "case":{"case":7,"title":"PSBL","next":"form"}})";
  Sheet german(Language::de);
  EXPECT_THAT(decision_line(german.terminal, JsonValue::parse(news)),
              HasSubstr("Fall 7: es ist etwas zu tun: PSBL, nächster Schritt: das Formular"));
  Sheet english(Language::en);
  const std::string line = decision_line(english.terminal, JsonValue::parse(news));
  EXPECT_EQ(line.find("case 7"), line.rfind("case 7")) << line;
}

TEST(LeumundShown, ListsAndLookupsAreToldInGerman) {
  const std::string lists = shown(show_lists, R"({"on":true,"own":1,"network_addresses":0,
    "problems":["list spamhaus-dqs wants a key of yours in watch.keys_file"],
    "listings":[{"place":"192.0.2.1","list_name":"PSBL","since":60,"codes":["127.0.0.2"],
      "meaning":"hit a trap","sends":false,"addresses":1,"examples":["192.0.2.1"],
      "proof":"no packet to port 25 left 192.0.2.0/24 between )"
                                              R"(2026-11-01T00:00:00Z and 2026-11-22T00:00:00Z",
      "mender":"us"}],
    "lists":[{"list":"psbl","state":"doubtful","reason":"does not answer: no answer in time"}]})");
  EXPECT_THAT(lists,
              HasSubstr("1 eigene Adresse oder Domain und 0 Adressen aus Netzen, auf 1 Liste"));
  EXPECT_THAT(lists, HasSubstr("braucht einen Schlüssel von Ihnen"));
  EXPECT_THAT(lists, HasSubstr("hat eine Falle getroffen"));
  EXPECT_THAT(lists, HasSubstr("kein Paket an Port 25 verließ"));
  EXPECT_THAT(lists, HasSubstr("antwortet nicht: keine Antwort binnen der Frist"));
  const std::string lookup =
      shown(show_lookup, R"({"subject":"192.0.2.1","listed":1,"believed":2,"lists":[
    {"list":"c","verdict":"not_listed","state":"faulty",
     "doubt":"lists 127.0.0.1, which no list may: it lists the world"},
    {"list":"a","verdict":"listed","codes":["127.0.0.2"],"meaning":"open proxy"},
    {"list":"b","verdict":"unknown","trouble":"no answer in time"}]})");
  EXPECT_THAT(lookup, HasSubstr("offener Proxy"));
  EXPECT_THAT(lookup, HasSubstr("b: keine Antwort binnen der Frist"));
  EXPECT_THAT(lookup, HasSubstr("auf 1 von 2 Listen"));
  EXPECT_THAT(lookup, HasSubstr("c: führt 127.0.0.1, was keine Liste darf"));
  EXPECT_THAT(lookup, HasSubstr("Nicht mitgezählt: 1 Liste, der gerade nicht zu glauben ist."));
  EXPECT_THAT(lookup, HasSubstr("1 Liste gab keine brauchbare Antwort."));
}

TEST(LeumundShown, HygieneSaysWhyItLooksAtNothing) {
  const std::string docs =
      shown(show_hygiene, R"({"on":false,"looking":false,"checked_at":60,"addresses":[],
    "off":"192.0.2.25 is an address for documents or private networks: )"
                          R"(watch.addresses can name it all the same"})");
  EXPECT_THAT(docs, HasSubstr("Nichts wird angesehen: 192.0.2.25 ist eine Adresse für Dokumente"));
  EXPECT_THAT(shown(show_hygiene, R"({"on":false,"looking":true,"checked_at":60,"addresses":[]})"),
              HasSubstr("Wird gerade angesehen"));
  EXPECT_THAT(shown(show_hygiene, R"({"on":false,"checked_at":null,"addresses":[]})"),
              HasSubstr("Wird gerade angesehen"));
}

TEST(LeumundShown, StatusCountsOneAsOneInBothLanguages) {
  const std::string body = R"({"version":"0.1.0","mode":{"burst":"observe"},"now":1,"started_at":0,
    "counters":{"subjects":1,"recipients":1,"events":1},
    "parts":[{"name":"own lists","well":true,
      "detail":"bl: 1 listed, 0 by hand, 1 report; dbl: 0 listed, 0 by hand, 2 reports"},
      {"name":"log x","well":false,"detail":"cannot open /x: No such file or directory"}]})";
  const std::string german = shown(show_status, body);
  EXPECT_THAT(german, HasSubstr("1 Absender bekannt, 1 Empfänger gezählt, 1 Ereignis\n"));
  EXPECT_THAT(german, HasSubstr("eigene Listen"));
  EXPECT_THAT(german, HasSubstr("bl: 1 gelistet, 0 von Hand, 1 Meldung; dbl: 0 gelistet, 0 von "
                                "Hand, 2 Meldungen"));
  EXPECT_THAT(german, HasSubstr("/x lässt sich nicht öffnen: die Datei oder der Ordner fehlt"));
  EXPECT_THAT(shown(show_status, body, Language::en),
              HasSubstr("1 subject known, 1 recipient counted, 1 event\n"));
}

TEST(LeumundShown, ReloadTellsInGermanWhatIsInForce) {
  const std::string text = shown(show_reload, R"({"reload":[
    "list.ttl: \"15m\" -> \"20m\", needs a restart",
    "log.level: \"info\" -> \"debug\", in force"]})");
  EXPECT_THAT(text, HasSubstr("list.ttl: \"15m\" -> \"20m\", braucht einen Neustart"));
  EXPECT_THAT(text, HasSubstr("log.level: \"info\" -> \"debug\", gilt"));
}

}  // namespace
}  // namespace leumund::apps
