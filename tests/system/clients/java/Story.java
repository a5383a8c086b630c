import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import trivium.ApiClient;
import trivium.ApiException;
import trivium.api.AuthApi;
import trivium.api.ExportApi;
import trivium.api.PostsApi;
import trivium.api.TokensApi;
import trivium.model.PostCreate;
import trivium.model.PostUpdate;
import trivium.model.UserCreate;

/** The story with the Java client that openapi-generator makes, on Java's own HTTP client. */
public class Story {
  static final long NOBODYS = (1L << 53) - 1;

  interface Call {
    Object run() throws ApiException;
  }

  static String refusal(Call call) throws Exception {
    try {
      return "answered: " + call.run();
    } catch (ApiException error) {
      return new ObjectMapper().readTree(error.getResponseBody()).get("code").asText();
    }
  }

  public static void main(String[] arguments) throws Exception {
    var client = new ApiClient();
    client.updateBaseUri(System.getenv("TRIVIUM_URL"));
    var email = UUID.randomUUID() + "@example.com";
    var password = "seven brave tin spoons";

    var account = new AuthApi(client).register(new UserCreate().email(email).password(password).name("Ada"), null);
    var tokens =
        new TokensApi(client)
            .issueToken(
                "password", email, password, null, null, null, null, null, null, null, null, null, null);
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + tokens.getAccessToken()));

    var posts = new PostsApi(client);
    var created = posts.createPostWithHttpInfo(new PostCreate().title("First light").body("It was clear."), null);
    var post = created.getData();
    var etag = created.getHeaders().get("etag").get(0);
    var revised = posts.revisePost(post.getId(), new PostUpdate().title("Second light"), etag);
    var stale = refusal(() -> posts.revisePost(post.getId(), new PostUpdate().title("Too late"), etag));
    var page = posts.listPosts(account.getId(), null, null, null, 5, null);
    var held = new ExportApi(client).exportOwnData();

    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("account_id", account.getId());
    facts.put("post_id", post.getId());
    facts.put("title", revised.getTitle());
    facts.put("stale", stale);
    facts.put("listed", page.getItems().stream().anyMatch(one -> one.getId().equals(post.getId())));
    facts.put("complete", held.getComplete());
    facts.put("problem", refusal(() -> posts.getPost(NOBODYS, null)));
    System.out.println(new ObjectMapper().writeValueAsString(facts));
  }
}
