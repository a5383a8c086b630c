// The story with the client that oapi-codegen makes, and a dead token at golang.org/x/oauth2.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/oauth2"

	trivium "trivium.example/clients/generated"
)

const nobodys = int64(1)<<53 - 1

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func have[T any](value *T, what string) T {
	if value == nil {
		panic("no " + what)
	}
	return *value
}

func main() {
	url, all := os.Getenv("TRIVIUM_URL"), context.Background()
	email, password := rand.Text()+"@example.com", "seven brave tin spoons"
	var token string
	client := must(trivium.NewClientWithResponses(url, trivium.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		})))

	person := trivium.UserCreate{Email: "", Name: "Ada", Password: password}
	must(0, json.Unmarshal([]byte(`"`+email+`"`), &person.Email))
	account := have(must(client.RegisterWithResponse(all, nil, person)).JSON201, "account")
	way := "password"
	form := trivium.TokenForm{GrantType: &way, Username: &email, Password: &password}
	tokens := have(must(client.IssueTokenWithFormdataBodyWithResponse(all, form)).JSON200, "token")
	token = tokens.AccessToken

	created := must(client.CreatePostWithResponse(all, nil, trivium.PostCreate{Title: "First light", Body: "It was clear."}))
	post, seen := have(created.JSON201, "post"), created.HTTPResponse.Header.Get("ETag")
	condition := trivium.RevisePostParams{IfMatch: &seen}
	title, late := "Second light", "Too late"
	revised := must(client.RevisePostWithResponse(all, post.Id, &condition, trivium.PostUpdate{Title: &title}))
	stale := must(client.RevisePostWithResponse(all, post.Id, &condition, trivium.PostUpdate{Title: &late}))
	limit := 5
	list := must(client.ListPostsWithResponse(all, &trivium.ListPostsParams{AuthorId: &account.Id, Limit: &limit}))
	listed := false
	for _, one := range have(list.JSON200, "list").Items {
		listed = listed || one.Id == post.Id
	}
	held := must(client.ExportOwnDataWithResponse(all))
	nothing := must(client.GetPostWithResponse(all, nobodys, nil))

	config := oauth2.Config{ClientID: "app", Endpoint: oauth2.Endpoint{TokenURL: url + "/auth/token"}}
	_, err := config.TokenSource(all, &oauth2.Token{RefreshToken: "rt1.dead"}).Token()
	var refused *oauth2.RetrieveError
	errors.As(err, &refused)

	fmt.Println(string(must(json.Marshal(map[string]any{
		"account_id": account.Id,
		"post_id":    post.Id,
		"title":      have(revised.JSON200, "revised post").Title,
		"stale":      have(stale.ApplicationproblemJSON412, "refusal").Code,
		"listed":     listed,
		"complete":   have(held.JSON200, "export").Complete,
		"problem":    have(nothing.ApplicationproblemJSON404, "problem").Code,
		"oauth":      have(refused, "OAuth refusal").ErrorCode,
	}))))
}
