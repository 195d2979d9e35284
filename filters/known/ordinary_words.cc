#include "filters/known/ordinary_words.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr std::string_view kWords =
    "absent access account action active actual address admin "
    "administrator aes agent alias all allow allowed always amazonaws amqp and anonymous any "
    "apache api app application archive arn async at attribute audit auth "
    "authentication authorization auto automatic aws azure backend backup bar base basic "
    "batch bearer beta billing binary blank block bool boolean bot bucket build bus by bytes "
    "cache cached category central cert certificate change changed changeit changeme channel "
    "character chat check city class clear client cloud cluster code collection color column "
    "com command comment common config configuration configured connect connection console "
    "consumer contact container content control cookie core country create created credential "
    "credentials cron current custom customer daily dashboard data database date datetime db "
    "dbname debug default delete deleted demo denied dev developer development device digest "
    "direct directory disable disabled docker document domain download driver dummy east "
    "email empty enable enabled encrypted endpoint engine entity entry env environment error "
    "event events example exchange expired external fail failed fake false fatal feature "
    "field file filename files filter first flag folder foo foobar for format forward "
    "frontend full function gateway general generate generated git github gitlab global "
    "google group groups guest guid gzip hash hashed header health hello hidden high hmac "
    "home host hostname hour http https id identifier identity ignore image in inactive index "
    "info information ingress input insecure insert instance int integer interface internal "
    "invalid is issue issuer item java job json jwt kafka key keys kube kubernetes label last "
    "latest ldap left length level limit linux list live local localdomain localhost "
    "location log logger logging login logs low mail main management manager manual mariadb "
    "master max maximum md me medium member memory message messages metadata method metrics "
    "middle min minimum minute missing mock mode model module mongo mongodb monitor "
    "monitoring mount must my mysql name namespace network never new next nginx nil no node "
    "nodejs none normal north not nothing null number oauth object of off offline old on "
    "online only open openid operation optional or oracle order ordering org organization "
    "origin output owner package page parameter parent partition pass passphrase passwd "
    "password path pattern payment pending permission permissions phone php placeholder plain "
    "platform plugin policy pool port position postgres postgresql prefix present primary "
    "private process prod producer product production profile project property protected "
    "protocol provider proxy public publisher python query queue rabbitmq random read "
    "readonly ready realm record redacted redis refresh region register release remote "
    "replace replaceme replica request requests required reserved reset resource response "
    "restricted result retry right role root route router rsa rule running runtime sample "
    "sandbox scheduler schema scope search second secondary secret secrets section secure "
    "security select sentinel sequence server service session set settings sha shared shell "
    "signature signing simple size smtp socket some something sort source south sql sqlite "
    "ssh ssl stage staging standard start started state static status storage store stream "
    "string strong subject success super superuser support svc symbol sync sys system table "
    "tag target task team temp template temporary tenant test tester testing text the thread "
    "time timeout timestamp tls to todo token tokens topic trace tracing traffic transaction "
    "trial true trusted type ubuntu undefined unique unknown unset unused update updated "
    "upload uri url us usage user userid username users utf uuid valid value values variable "
    "vault verify version view virtual visible volume warning web webhook website weekly "
    "welcome west windows worker workers workflow working workspace write xml xxx xxxx xxxxx "
    "yaml yes your yourpassword yoursecret zone ";

const std::unordered_set<std::string_view>& words() {
  static const std::unordered_set<std::string_view> all = [] {
    std::unordered_set<std::string_view> set;
    for (size_t at = 0; at < kWords.size();) {
      size_t end = kWords.find(' ', at);
      set.insert(kWords.substr(at, end - at));
      at = end + 1;
    }
    return set;
  }();
  return all;
}

}  // namespace

bool is_ordinary_word(std::string_view word) {
  constexpr size_t kLongest = 15;  // fits into the string itself: no copy stays on the heap
  if (word.size() > kLongest) return false;
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return words().count(lower) != 0;
}

}  // namespace redactd
