package dev.stitchd.dev;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The demo project, made through the management API like anybody's.
///
/// @param serverKey sees everything
/// @param clientKey is public; sees client-visible flags
record Demo(String serverKey, String clientKey) {

  static final String PROJECT = "demo";
  static final String ENVIRONMENT = "production";
  static final String FLAG = "new-checkout";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Makes what is missing of it; a run that was interrupted half-way is completed by the next.
  static Demo loaded(Admin admin, DevelopmentFolder folder) {
    if (folder.note("demo").isEmpty() || missing(admin)) {
      System.out.println("Loading the demo project …");
      load(admin);
      folder.keep("serverKey", admin.createSdkKey(PROJECT, ENVIRONMENT, "server"));
      folder.keep("clientKey", admin.createSdkKey(PROJECT, ENVIRONMENT, "client"));
      folder.keep("demo", "loaded");
    }
    return new Demo(folder.note("serverKey"), folder.note("clientKey"));
  }

  private static boolean missing(Admin admin) {
    return admin.send("GET", "/projects/" + PROJECT, "").status() == 404;
  }

  private static void load(Admin admin) {
    make(admin, "/projects", "{'key':'demo','name':'Demo shop'}");
    make(
        admin,
        "/projects/demo/environments",
        "{'key':'production','name':'Production','production':true}");
    make(admin, "/projects/demo/environments", "{'key':'staging','name':'Staging'}");
    make(
        admin,
        "/projects/demo/environments/production/segments",
        """
        {'key':'beta-testers','name':'Beta testers','contextType':'user',
         'when':{'attribute':'plan','op':'in','values':['beta','staff']}}\
        """);
    newCheckout(admin);
    greeting(admin);
    searchResults(admin);
  }

  private static void newCheckout(Admin admin) {
    make(
        admin,
        "/projects/demo/flags",
        """
        {'key':'new-checkout','name':'New checkout','type':'boolean','variants':{'on':true,'off':false},
         'tags':['cart'],'temporary':true,'clientVisible':true}\
        """);
    target(
        admin,
        FLAG,
        """
        {'enabled':true,
         'rules':[{'id':'beta','description':'beta testers first','when':{'segment':'beta-testers'},
                   'serve':{'variant':'on'}}],
         'default':{'variant':'off'}}\
        """);
  }

  private static void greeting(Admin admin) {
    make(
        admin,
        "/projects/demo/flags",
        """
        {'key':'greeting','name':'Greeting on the front page','type':'string',
         'variants':{'plain':'Welcome','warm':'Good to see you'},'tags':['home'],'clientVisible':true}\
        """);
    target(
        admin,
        "greeting",
        """
        {'enabled':true,
         'default':{'rollout':{'bucketBy':'targetingKey','weights':{'plain':50,'warm':50}}}}\
        """);
  }

  private static void searchResults(Admin admin) {
    make(
        admin,
        "/projects/demo/flags",
        """
        {'key':'search-results','name':'Results per page','type':'integer',
         'variants':{'few':10,'many':50},'tags':['search'],'clientVisible':false}\
        """);
    target(
        admin,
        "search-results",
        """
        {'enabled':true,
         'rules':[{'id':'large-screens','when':{'all':[
                    {'attribute':'screen.width','op':'greaterOrEqual','values':[1600]},
                    {'not':{'attribute':'country','op':'in','values':['DE','FR']}}]},
                   'serve':{'variant':'many'}}],
         'default':{'variant':'few'}}\
        """);
  }

  private static void make(Admin admin, String path, String body) {
    var answer = admin.send("POST", path, json(body));
    if (answer.status() / 100 != 2 && answer.status() != 409) {
      throw new StoreProblem(
          "The demo project could not be loaded: POST %s answered %d %s"
              .formatted(path, answer.status(), answer.body()));
    }
  }

  private static void target(Admin admin, String flag, String body) {
    admin.changeTargeting(
        PROJECT,
        flag,
        ENVIRONMENT,
        present -> present.setAll((ObjectNode) JSON.readTree(json(body))));
  }

  private static String json(String quoted) {
    return quoted.replace('\'', '"');
  }
}
